import { useState } from 'react';
import type { HostKeyView } from '../../shared/contract/view.ts';
import { Copy } from '../parts/Copy.tsx';
import { Mark } from '../parts/Mark.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';

/** A host's key: accepted only by typing the fingerprint that another source (its console, its inventory) gives. */
export function HostKey(props: { readonly host: HostKeyView }) {
  const { host } = props;
  const [typed, setTyped] = useState('');
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const command = 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub';
  const same = typed.trim() === host.fingerprint;
  return (
    <>
      <h2 className="label">Host key</h2>
      <p style={{ fontSize: 16, fontWeight: 600 }}>{host.host}</p>
      <code className="code">{host.fingerprint}</code>
      {host.state === 'accepted' && (
        <p>
          <Mark tone="open">accepted</Mark>
        </p>
      )}
      {host.state === 'changed' && (
        <p className="muted">
          This host shows another key than the one that was accepted. That is a rebuilt host or somebody in
          between: it cannot be accepted here. Find out which on the host’s own console, then remove the old
          entry from known_hosts and open the plan again.
        </p>
      )}
      {host.state === 'unknown' && (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (same) void askAs('acceptHostKey', { host: host.host, fingerprint: host.fingerprint });
          }}
        >
          <p className="muted">Nobody has vouched for this key yet. Read it on the host’s own console:</p>
          <code className="code">{command}</code>
          <div>
            <Copy text={command} />
          </div>
          <label className="stack">
            The fingerprint you read there
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              placeholder="SHA256:…"
              spellCheck={false}
              autoComplete="off"
              className="num"
            />
          </label>
          <small className={typed === '' || same ? 'faint' : ''} role="status">
            {typed === ''
              ? 'It is accepted when both are the same.'
              : same
                ? '✓ The same.'
                : '✕ Not the same as above.'}
          </small>
          <button
            type="submit"
            className="primary"
            disabled={!same || whyNot !== null}
            title={whyNot ?? undefined}
          >
            Accept this key
          </button>
        </form>
      )}
    </>
  );
}
