import type { RunView } from '../../shared/contract/view.ts';
import { Mark } from '../parts/Mark.tsx';
import type { Tone } from '../parts/Mark.tsx';
import { duration, limit } from '../parts/format.ts';
import { useNow } from '../store/clock.ts';
import css from './now.module.css';
import { Release } from './Release.tsx';
import { Retries } from './Retries.tsx';

const outcomes: Readonly<
  Record<
    NonNullable<RunView['outcome']>,
    { readonly tone: Tone; readonly sign: string; readonly word: string }
  >
> = {
  done: { tone: 'open', sign: '✓', word: 'done' },
  'not-started': { tone: 'quiet', sign: '○', word: 'not started' },
  thawed: { tone: 'unknown', sign: '↺', word: 'thawed' },
  reversed: { tone: 'unknown', sign: '↺', word: 'reversed' },
  ousted: { tone: 'closed', sign: '✕', word: 'ousted' },
  'needs-operator': { tone: 'closed', sign: '✕', word: 'needs a person' },
};

/** The outcome as mark, word and colour. */
export function OutcomeMark(props: { readonly outcome: NonNullable<RunView['outcome']> }) {
  const { tone, sign, word } = outcomes[props.outcome];
  return (
    <Mark tone={tone} sign={sign}>
      {word}
    </Mark>
  );
}

function Elapsed(props: {
  readonly sinceUtcMs: number;
  readonly limitMs: number | null;
  readonly limitFrom: string | null;
}) {
  const now = useNow(100);
  return (
    <small className="muted">
      elapsed <span className="num">{duration(now - props.sinceUtcMs)}</span>
      {props.limitMs !== null && (
        <>
          {' '}
          of <span className="num">{limit(props.limitMs)}</span>
        </>
      )}
      {props.limitFrom !== null && <span className={css['from']}>, {props.limitFrom}</span>}
    </small>
  );
}

function Deadline(props: { readonly deadlineUtcMs: number }) {
  const now = useNow(100);
  return (
    <small className="muted">
      run deadline in <span className="num">{duration(props.deadlineUtcMs - now)}</span>
    </small>
  );
}

/** What is happening, in plain words: the exact statement, where, since when, and when it gives up. */
export function Now(props: { readonly run: RunView }) {
  const { run } = props;
  const { now } = run;
  const step = run.steps.find((one) => one.state === 'running') ?? null;
  return (
    <section className={`panel ${css['now']}`} aria-labelledby="now">
      <div className="row">
        <h2 className="label" id="now">
          Now
        </h2>
        {run.outcome !== null && <OutcomeMark outcome={run.outcome} />}
      </div>
      <div className={css['body']} tabIndex={0} role="group" aria-label="What is happening now">
        <div aria-live="polite">
          <p className={css['title']}>{now.title}</p>
          {run.outcomeText !== null && <p className={css['outcome']}>{run.outcomeText}</p>}
        </div>
        {now.detail !== '' && <p className="muted">{now.detail}</p>}
        {run.heldAt !== null && run.phase === 'held' && (
          <div className={css['release']}>
            <Release
              hold={run.heldAt}
              enabled
              label={`Hold to go on: ${run.heldAt}`}
              detail="The run waits here for you. Hold 1.5 s."
            />
          </div>
        )}
        <Retries run={run} />
        {now.statement !== null && (
          <code className={`code ${css['statement']}`}>
            {now.statement}
            {now.where !== null && <span className="faint">{`\non ${now.where}`}</span>}
          </code>
        )}
      </div>
      <div className={css['times']}>
        {now.sinceUtcMs !== null && (
          <Elapsed
            sinceUtcMs={now.sinceUtcMs}
            limitMs={now.limitMs}
            limitFrom={
              now.limitMs !== null && step !== null && step.limitMs === now.limitMs ? step.limitFrom : null
            }
          />
        )}
        {run.deadlineUtcMs !== null && <Deadline deadlineUtcMs={run.deadlineUtcMs} />}
      </div>
    </section>
  );
}
