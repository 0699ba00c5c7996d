import type { RunView } from '../../shared/contract/view.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './now.module.css';

/** The presses that begin a step once more: those of failed steps, or those that answer an alarm. */
export function Retries(props: { readonly run: RunView; readonly onAlarm: boolean }) {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const offered = props.run.retry.filter(({ onAlarm }) => onAlarm === props.onAlarm);
  return offered.map((retry) => (
    <div key={retry.step} className={css['retry']}>
      <button
        type="button"
        className="primary"
        disabled={whyNot !== null}
        onClick={() => void askAs('retry', { step: retry.step })}
      >
        {retry.label}
      </button>
      <small className="muted">{whyNot ?? retry.why}</small>
    </div>
  ));
}
