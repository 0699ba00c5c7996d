import { Modal, ModalActions } from '../parts/Modal.tsx';
import { useUi } from '../store/ui.ts';

const keys: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'Commands: go to a phase, filter, theme, export. Nothing in there changes a server.'],
  ['?', 'This help.'],
  ['B', 'Preflight: show only what blocks.'],
  ['↑ ↓', 'Preflight: go through the list.'],
  ['Hold Enter or Space', 'Go / no-go: on the focused button, 1.5 s releases the run.'],
  ['Hold Esc 1 s', 'The minute, before the point of no return: abort and thaw.'],
];

/** Every key, and what the signs mean. */
export function Help() {
  const open = useUi((state) => state.dialog === 'help');
  const close = () => useUi.setState({ dialog: 'none' });
  return (
    <Modal open={open} onClose={close} title="Keys and signs" wide>
      <table>
        <tbody>
          {keys.map(([key, says]) => (
            <tr key={key}>
              <td>
                <kbd>{key}</kbd>
              </td>
              <td>{says}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted">
        ✓ open or done · ✕ closed or failed · ? unknown, which never counts as open · ◔ at work · ‖ fenced · ▮
        point of no return. The source is violet, the target cyan. The bar’s amber line is the forecast.
      </p>
      <ModalActions>
        <button type="button" onClick={close}>
          Close
        </button>
      </ModalActions>
    </Modal>
  );
}
