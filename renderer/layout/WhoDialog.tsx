import { useState } from 'react';
import { Modal, ModalActions } from '../parts/Modal.tsx';
import { useUi } from '../store/ui.ts';

/** Asks once for the name that stands behind answers, overrides and the release. */
export function WhoDialog() {
  const answer = useUi((state) => state.askingWho);
  const [name, setName] = useState('');
  if (answer === null) return null;
  return (
    <Modal
      open
      onClose={() => answer(null)}
      title="Who are you?"
      description="Your name is recorded with what you do here. It is remembered until this window closes."
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') answer(name.trim().slice(0, 200));
        }}
      >
        <label className="stack">
          Name
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="off"
            maxLength={200}
          />
        </label>
        <ModalActions>
          <button type="button" onClick={() => answer(null)}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={name.trim() === ''}>
            That is me
          </button>
        </ModalActions>
      </form>
    </Modal>
  );
}
