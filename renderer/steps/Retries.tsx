import type { RunView } from '../../shared/contract/view.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './now.module.css';

/** The presses that begin a step once more; one that answers an alarm stands above its words, which a server may make long. */
export function Retries(props: { readonly run: RunView }) {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  return props.run.retry.map((retry) => (
    <div
      key={`${retry.step} ${retry.overwrite}`}
      className={`${css['retry']} ${retry.alarm === null ? '' : css['undone']}`}
    >
      <button
        type="button"
        className={retry.overwrite ? undefined : 'primary'}
        disabled={whyNot !== null}
        onClick={() =>
          void askAs('retry', { step: retry.step, ...(retry.overwrite ? { overwrite: true } : {}) })
        }
      >
        {retry.label}
      </button>
      {retry.alarm !== null && (
        <p>
          <b aria-hidden="true">✕ </b>
          {retry.alarm}
        </p>
      )}
      <small className="muted">{whyNot ?? retry.why}</small>
    </div>
  ));
}
