import type { View } from '../../shared/contract/view.ts';
import { HoldButton } from '../parts/HoldButton.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { useUi } from '../store/ui.ts';

const abortHoldMs = 1_000;

/** The one control that stops: Abort before the point of no return; after it, it turns the run round, and looks so. */
export function RedControl(props: { readonly view: View }) {
  const { view } = props;
  const { ask } = useAsk();
  const whyNot = useWhyNot();
  const who = useUi((state) => state.who);
  if (view.run === null) return null;
  const { control } = view.run;
  const enabled = control.enabled && control.kind !== 'none' && whyNot === null;
  // Nobody is asked for a name while the source is shut: the driver of the run stands for it.
  const by = who ?? view.header.driver;
  const act = () =>
    void (control.kind === 'reverse' ? ask('reverse', { who: by }) : ask('abort', { who: by, reason: '' }));
  return (
    <HoldButton
      holdMs={abortHoldMs}
      onHeld={act}
      enabled={enabled}
      tone={control.kind === 'abort' ? 'red' : control.kind}
      label={control.label}
      {...(control.kind === 'abort' ? { windowKey: 'Escape' } : {})}
    >
      {enabled ? (
        <>
          Hold {control.kind === 'abort' && <kbd>Esc</kbd>} {control.kind === 'abort' ? 'or ' : ''}this for 1
          s — {control.detail}
        </>
      ) : (
        <>{control.enabled && whyNot !== null ? whyNot : control.detail}</>
      )}
    </HoldButton>
  );
}
