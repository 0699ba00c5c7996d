import { useState } from 'react';
import type { Verdict } from '../../shared/gates/gate.ts';
import { Modal, ModalActions } from '../parts/Modal.tsx';
import { useAsk } from '../store/ask.ts';
import { useUi } from '../store/ui.ts';

const shortestReason = 3;

function OverrideForm(props: { readonly verdict: Verdict; readonly close: () => void }) {
  const { verdict, close } = props;
  const known = useUi((state) => state.who);
  const [reason, setReason] = useState('');
  const [who, setWho] = useState(known ?? '');
  const { ask } = useAsk();
  const ready = reason.trim().length >= shortestReason && who.trim() !== '';
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        void ask('overrideGate', { gate: verdict.gate, reason: reason.trim(), who: who.trim() });
        close();
      }}
    >
      <p>
        <b>{verdict.title}</b>
      </p>
      <p className="muted">{verdict.reasons.join(' ')}</p>
      <label className="stack">
        Why is it right to go on?
        <textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
      </label>
      <label className="stack">
        Your name
        <input
          value={who}
          onChange={(event) => setWho(event.target.value)}
          maxLength={200}
          autoComplete="off"
        />
      </label>
      <ModalActions>
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={!ready}>
          Record the override
        </button>
      </ModalActions>
    </form>
  );
}

/** A person takes responsibility for a gate that is not open: name and reason go into the journal and the report. */
export function OverrideDialog(props: { readonly gates: readonly Verdict[] }) {
  const open = useUi((state) => state.dialog === 'override');
  const selected = useUi((state) => state.selected);
  const verdict = props.gates.find((gate) => `gate:${gate.gate}` === selected);
  const close = () => useUi.setState({ dialog: 'none' });
  if (!open || verdict === undefined || !verdict.overridable) return null;
  return (
    <Modal
      open
      onClose={close}
      title="Go on although this gate is not open"
      description="Name, time and reason are recorded and stand in the report."
    >
      <OverrideForm verdict={verdict} close={close} />
    </Modal>
  );
}
