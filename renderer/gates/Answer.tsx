import type { ChecklistView } from '../../shared/contract/view.ts';
import { utcTime } from '../parts/format.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './detail.module.css';

function headOf({ answer, blocking }: ChecklistView): string {
  if (answer !== null) return 'Answered';
  return blocking ? 'An answer is needed' : 'An answer is asked for';
}

/** A question for a person, with who answered it and when. */
export function Answer(props: { readonly item: ChecklistView }) {
  const { item } = props;
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const give = (answer: 'yes' | 'no') => () => void askAs('answerChecklist', { item: item.item, answer });
  return (
    <>
      <h2 className="label">{headOf(item)}</h2>
      <p className={css['title']}>{item.title}</p>
      {item.role !== null && <p className="muted">For: {item.role}.</p>}
      {item.answer !== null && (
        <p>
          <b>{item.answer.answer}</b>, by {item.answer.who} at{' '}
          <span className="num">{utcTime(item.answer.atUtcMs)}</span> UTC
        </p>
      )}
      <div className="row" style={{ justifyContent: 'start' }}>
        <button type="button" className="primary" disabled={whyNot !== null} onClick={give('yes')}>
          Yes, it is so
        </button>
        <button type="button" disabled={whyNot !== null} onClick={give('no')}>
          No
        </button>
      </div>
      <p className="faint">
        <small>{whyNot ?? 'Your name and the time are recorded with the answer.'}</small>
      </p>
    </>
  );
}
