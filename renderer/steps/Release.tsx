import { HoldButton } from '../parts/HoldButton.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { notify, recallPermit } from '../store/ui.ts';

const releaseHoldMs = 1_500;

/** The deliberate press that lets the run go on from a hold. */
export function Release(props: {
  readonly hold: string;
  readonly enabled: boolean;
  readonly label: string;
  readonly detail: string;
}) {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  function release(): void {
    const permit = recallPermit();
    if (permit === null)
      notify(
        'bad',
        'Another window went to go/no-go, so the permit is there. Release from that window, or go back and come again from here.',
      );
    else void askAs('release', { hold: props.hold, permit });
  }
  return (
    <HoldButton
      holdMs={releaseHoldMs}
      onHeld={release}
      enabled={props.enabled && whyNot === null}
      tone="go"
      label={props.label}
    >
      {whyNot ?? props.detail}
    </HoldButton>
  );
}
