import { useEffect, useRef, useState } from 'react';

export type Hold = {
  readonly holding: boolean;
  readonly begin: () => void;
  readonly end: () => void;
};

/** A press that counts only when it lasts. Letting go, losing the window or being disabled on the way takes it back. */
export function useHold(holdMs: number, enabled: boolean, onHeld: () => void): Hold {
  const [pressed, setPressed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const held = useRef(onHeld);
  useEffect(() => {
    held.current = onHeld;
  });

  const end = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    setPressed(false);
  };
  const begin = () => {
    if (!enabled || timer.current !== undefined) return;
    setPressed(true);
    timer.current = setTimeout(() => {
      end();
      held.current();
    }, holdMs);
  };

  useEffect(() => {
    // A key that goes up in another window is never seen going up here.
    const cancel = () => {
      clearTimeout(timer.current);
      timer.current = undefined;
      setPressed(false);
    };
    window.addEventListener('blur', cancel);
    document.addEventListener('visibilitychange', cancel);
    return () => {
      window.removeEventListener('blur', cancel);
      document.removeEventListener('visibilitychange', cancel);
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [enabled]);

  return { holding: pressed && enabled, begin, end };
}
