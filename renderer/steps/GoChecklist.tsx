import type { ChecklistView } from '../../shared/contract/view.ts';
import { Mark } from '../parts/Mark.tsx';
import { utcTime } from '../parts/format.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './go-no-go.module.css';

/** Who has to be there, and what has to be said, at this very moment. */
export function GoChecklist(props: {
  readonly items: readonly ChecklistView[];
  readonly phase?: ChecklistView['phase'];
}) {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const items = props.items.filter((item) => item.phase === (props.phase ?? 'go'));
  if (items.length === 0) return null;
  return (
    <section className="panel stack" aria-labelledby="people">
      <h2 className="label" id="people">
        People
      </h2>
      {items.map((item) => (
        <div key={item.item} className={css['item']}>
          <span>
            {item.title}
            <small className="muted">
              {item.answer === null
                ? (item.role ?? '')
                : `${item.answer.answer}, ${item.answer.who}, ${utcTime(item.answer.atUtcMs)} UTC`}
            </small>
          </span>
          {item.answer?.answer === 'yes' ? (
            <Mark tone="open">yes</Mark>
          ) : (
            <button
              type="button"
              disabled={whyNot !== null}
              aria-label={`Yes: ${item.title}`}
              onClick={() => void askAs('answerChecklist', { item: item.item, answer: 'yes' })}
            >
              Yes
            </button>
          )}
        </div>
      ))}
    </section>
  );
}
