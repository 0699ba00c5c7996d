import type { LeftView } from '../../shared/contract/view.ts';
import { HoldButton } from '../parts/HoldButton.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './left-run.module.css';

const holdMs = 1_000;

/** A run that nobody drives any more stands before everything else: what it left may be a closed source. */
export function LeftRun(props: { readonly left: LeftView }) {
  const { left } = props;
  const { askAs } = useAsk();
  const whyNot = useWhyNot() ?? left.whyNot;
  return (
    <section className={css['left']} aria-label="A run that has not ended">
      <h2>A run has not ended</h2>
      <p>{left.text}</p>
      <HoldButton
        holdMs={holdMs}
        onHeld={() => void askAs('resume', { run: left.run })}
        enabled={whyNot === null}
        tone="red"
        label={left.label}
      >
        {whyNot ?? 'Hold for 1 s — looks at every server first, says where things stand, then acts.'}
      </HoldButton>
    </section>
  );
}
