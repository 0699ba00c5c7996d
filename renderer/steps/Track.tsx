import type { StepView } from '../../shared/contract/view.ts';
import { limit } from '../parts/format.ts';
import css from './track.module.css';
import { trackOf } from './track.ts';

const signs: Readonly<Record<StepView['state'], string>> = {
  waiting: '·',
  running: '◔',
  done: '✓',
  failed: '✕',
  absent: '–',
  undone: '↺',
};

function Step(props: { readonly step: StepView }) {
  const { step } = props;
  return (
    <li
      className={css[step.state]}
      title={`${step.text} · limit ${limit(step.limitMs)}, from ${step.limitFrom}`}
    >
      <span aria-hidden="true">{signs[step.state]}</span>
      {step.word}
      <span className="visually-hidden"> {step.state}</span>
    </li>
  );
}

/** The steps in order with the point of no return between them. */
export function Track(props: {
  readonly steps: readonly StepView[];
  readonly chain: string | null;
  readonly passed: boolean;
}) {
  const { before, after } = trackOf(props.steps, props.chain);
  return (
    <ol
      className={css['track']}
      aria-label={props.chain === null ? 'Steps of the run' : `Steps of ${props.chain}`}
    >
      {before.map((step) => (
        <Step key={step.key} step={step} />
      ))}
      <li className={css['ponr']} title="Point of no return">
        <span aria-hidden="true">▮</span>
        <span className="visually-hidden">point of no return, {props.passed ? 'passed' : 'not reached'}</span>
      </li>
      {after.map((step) => (
        <Step key={step.key} step={step} />
      ))}
    </ol>
  );
}
