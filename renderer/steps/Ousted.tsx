import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './observing.module.css';
import { OutcomeMark } from './Now.tsx';

const means = [
  'It stopped where it was and sends nothing more: no statement to a server, no command to a host, no record to the mirror.',
  'Steps and log are as they were at that moment. What became of the run since, only the cockpit that drives knows.',
  'The servers and links shown are live.',
  'The emergency sheet on this laptop is out of date: go by that of the cockpit that drives.',
];

/** This cockpit drove until another one took the run over: says so, and what that means. */
export function Ousted() {
  return (
    <section className={`panel ${css['observing']}`} aria-labelledby="ousted" tabIndex={0}>
      <div className="row">
        <h2 className="label" id="ousted">
          This cockpit
        </h2>
        <OutcomeMark outcome="ousted" />
      </div>
      <p className={css['driver']}>No longer drives</p>
      <h3 className="label">What that means</h3>
      <ul>
        {means.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

/** The way on for an ousted cockpit: to observe the one that drives. */
export function ToObserving() {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  return (
    <button
      type="button"
      className={`primary ${css['leave']}`}
      disabled={whyNot !== null}
      onClick={() => void askAs('startOver', {})}
    >
      <strong>Observe the run</strong>
      <br />
      <small>{whyNot ?? 'Follows the cockpit that drives, by its mirror.'}</small>
    </button>
  );
}
