import { useLayoutEffect, useRef } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import { useUi } from '../store/ui.ts';
import css from './hold-button.module.css';
import { useHold } from './use-hold.ts';

type Props = {
  readonly holdMs: number;
  readonly onHeld: () => void;
  readonly enabled: boolean;
  readonly tone: 'red' | 'go' | 'reverse' | 'none';
  readonly label: string;
  readonly children: ReactNode;
  /** Held anywhere in the window it does the same. */
  readonly windowKey?: string;
};

/** The deliberate press: held with the mouse, a finger, Enter or Space, with the way to go visible all along. */
export function HoldButton(props: Props) {
  const { holdMs, enabled, onHeld, windowKey } = props;
  const { holding, begin, end } = useHold(holdMs, enabled, onHeld);
  const free = useUi((state) => state.dialog === 'none' && state.askingWho === null);
  const latest = useRef({ begin, end });
  useLayoutEffect(() => {
    latest.current = { begin, end };
  });

  // In the same commit as the picture: the key works from the moment the button is seen.
  useLayoutEffect(() => {
    if (windowKey === undefined || !free) return;
    const down = (event: KeyboardEvent) => {
      if (event.key !== windowKey || event.repeat) return;
      event.preventDefault();
      latest.current.begin();
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === windowKey) latest.current.end();
    };
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
    };
  }, [windowKey, free]);

  const style: CSSProperties & Record<'--hold', string> = { '--hold': `${String(holdMs)}ms` };
  return (
    <button
      type="button"
      className={`${css['hold']} ${css[props.tone]} ${holding ? css['holding'] : ''}`}
      style={style}
      aria-disabled={!enabled}
      onPointerDown={(event) => {
        if (event.button === 0) begin();
      }}
      onPointerUp={end}
      onPointerLeave={end}
      onPointerCancel={end}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        if (!event.repeat) begin();
      }}
      onKeyUp={(event) => {
        if (event.key === 'Enter' || event.key === ' ') end();
      }}
      onBlur={end}
    >
      <strong>{holding ? 'Keep holding…' : props.label}</strong>
      <span>{props.children}</span>
      <i aria-hidden="true" />
    </button>
  );
}
