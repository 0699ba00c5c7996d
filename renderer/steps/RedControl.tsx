import type { View } from '../../shared/contract/view.ts';
import { HoldButton } from '../parts/HoldButton.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { useUi } from '../store/ui.ts';

const abortHoldMs = 1_000;

/** The one control that stops: Abort before the point of no return; after it, it is another thing and looks so. */
export function RedControl(props: { readonly view: View }) {
  const { view } = props;
  const { ask } = useAsk();
  const whyNot = useWhyNot();
  const who = useUi((state) => state.who);
  if (view.run === null) return null;
  const { control } = view.run;
  const enabled = control.enabled && control.kind === 'abort' && whyNot === null;
  // Nobody is asked for a name while the source is shut: the driver of the run stands for it.
  const abort = () => void ask('abort', { who: who ?? view.header.driver, reason: '' });
  return (
    <HoldButton
      holdMs={abortHoldMs}
      onHeld={abort}
      enabled={enabled}
      tone={control.kind === 'abort' ? 'red' : control.kind}
      label={control.label}
      {...(control.kind === 'abort' ? { windowKey: 'Escape' } : {})}
    >
      {enabled ? (
        <>
          Hold <kbd>Esc</kbd> or this for 1 s — {control.detail}
        </>
      ) : (
        <>{control.enabled && whyNot !== null ? whyNot : control.detail}</>
      )}
    </HoldButton>
  );
}
