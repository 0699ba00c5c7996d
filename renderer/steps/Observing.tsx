import { useState } from 'react';
import type { OtherView, RunView } from '../../shared/contract/view.ts';
import { Age } from '../parts/Age.tsx';
import { count } from '../parts/format.ts';
import { HoldButton } from '../parts/HoldButton.tsx';
import { Mark } from '../parts/Mark.tsx';
import type { Tone } from '../parts/Mark.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './observing.module.css';

const holdMs = 1_500;
/** The mirror is read twice a second, and a run in its steps writes at least every few: a minute of neither is no pause. */
const quietMs = 60_000;

const standings: Readonly<
  Record<OtherView['standing'], { readonly tone: Tone; readonly sign: string; readonly word: string }>
> = {
  driving: { tone: 'info', sign: '◔', word: 'drives' },
  silent: { tone: 'unknown', sign: '?', word: 'silent' },
  gone: { tone: 'closed', sign: '✕', word: 'gone' },
  'not-known': { tone: 'unknown', sign: '?', word: 'not known' },
  over: { tone: 'quiet', sign: '○', word: 'over' },
};

function Facts(props: { readonly other: OtherView; readonly run: RunView | null }) {
  const { other, run } = props;
  const { mirror } = other;
  // Between its steps a run writes nothing for a long time; within them silence means something.
  const isBusy = run?.phase === 'running' || run?.phase === 'unwinding';
  return (
    <dl>
      {other.since !== null && (
        <>
          <dt>Since</dt>
          <dd className="num">{other.since.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</dd>
        </>
      )}
      {mirror !== null && (
        <>
          <dt>Last record</dt>
          <dd>
            <span className="num">
              <Age takenAt={mirror.newestAtUtcMs} limitMs={isBusy ? quietMs : null} />
            </span>{' '}
            by its clock, <span className="num">{count(mirror.records)}</span> in all
          </dd>
          <dt>Mirror</dt>
          <dd>
            {mirror.host}, read{' '}
            <span className="num">
              <Age takenAt={mirror.readAtUtcMs} limitMs={quietMs} />
            </span>
            {mirror.trouble !== null && <b className={css['bad']}> ✕ {mirror.trouble}</b>}
          </dd>
        </>
      )}
      <dt>Run lock</dt>
      <dd>{other.locks}</dd>
    </dl>
  );
}

/** Who drives this plan elsewhere, how sure that is, and what taking over would do. Nothing of the run is pressed here. */
export function Observing(props: { readonly other: OtherView; readonly run: RunView | null }) {
  const { other, run } = props;
  const { steps, whyNot } = other.takeOver;
  const { tone, sign, word } = standings[other.standing];
  return (
    <section className={`panel ${css['observing']}`} aria-labelledby="observing" tabIndex={0}>
      <div className="row">
        <h2 className="label" id="observing">
          This cockpit observes
        </h2>
        <Mark tone={tone} sign={sign}>
          {word}
        </Mark>
      </div>
      <p className={css['driver']}>{other.driver ?? 'Another cockpit'}</p>
      <p className={other.standing === 'driving' ? 'muted' : css['standing']}>{other.text}</p>
      <Facts other={other} run={run} />
      {other.standing !== 'over' && (
        <>
          <h3 className="label">Taking over</h3>
          {whyNot !== null && <p className={css['bad']}>{whyNot}</p>}
          <ol>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

/** The one control of an observer: to take the run over, by holding it; where the run is over, to leave it. */
export function TakeOver(props: { readonly other: OtherView }) {
  const { run, standing, takeOver } = props.other;
  const { askAs } = useAsk();
  const [asking, setAsking] = useState(false);
  const windowWhyNot = useWhyNot();
  if (standing === 'over')
    return (
      <button
        type="button"
        className={`primary ${css['leave']}`}
        disabled={windowWhyNot !== null}
        onClick={() => void askAs('startOver', {})}
      >
        Leave this run
      </button>
    );
  async function take(): Promise<void> {
    if (run === null) return;
    setAsking(true);
    await askAs('takeover', { run });
    setAsking(false);
  }
  const why = windowWhyNot ?? (takeOver.whyNot === null ? null : 'Not from here: why stands above.');
  return (
    <HoldButton
      holdMs={holdMs}
      onHeld={() => void take()}
      enabled={why === null && !asking}
      tone="red"
      label={asking ? 'Taking over…' : 'Take over'}
    >
      {why ??
        (asking
          ? 'Reads the mirror, opens every session, looks.'
          : 'Hold for 1.5 s — what it does stands above.')}
    </HoldButton>
  );
}
