import { powerSaveBlocker } from 'electron';

/** Keeps machine and screen awake exactly as long as it was last told to. */
export function createWakefulness(): (needed: boolean) => void {
  let blocker: number | null = null;
  return (needed) => {
    if (needed && blocker === null) blocker = powerSaveBlocker.start('prevent-display-sleep');
    if (needed || blocker === null) return;
    powerSaveBlocker.stop(blocker);
    blocker = null;
  };
}
