import { switchPlace } from './switch-place.ts';

/** How far a switch came: `gone`: it was stood down, or its host lost it. */
export type SwitchState = 'gone' | 'armed' | 'claimed' | 'fired' | 'second' | 'done';

/** What a host says of its dead-man's switch, read back by whoever takes the run up again. */
export type SwitchSaid = {
  readonly state: SwitchState;
  /** Source nodes that it opened, read twice there, and when by the host's own clock (UTC, as it wrote it). */
  readonly opened: readonly { readonly instance: string; readonly at: string }[];
  /** Chains that its second stage left closed: a target took writes, or was not to be held. */
  readonly left: readonly string[];
  /** Whether its second stage has done all that it will do. */
  readonly over: boolean;
};

/** Asks a host for all that; no error where there is no switch. */
export function switchSaidArgv(runId: string, host: string): readonly string[] {
  const script = 'if [ -e "$1" ]; then exec sh "$1" status; else echo end; fi';
  return ['sh', '-c', script, 'status', switchPlace(runId, host).command];
}

const states: readonly string[] = ['armed', 'claimed', 'fired', 'second', 'done'];

/** Reads that; null: it did not get to its end, or says what this program does not know, and is not believed. */
export function parseSwitchSaid(stdout: string): SwitchSaid | null {
  const words = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '));
  if (words.pop()?.join(' ') !== 'end') return null;
  let state: SwitchState = 'gone';
  const opened: { readonly instance: string; readonly at: string }[] = [];
  const left: string[] = [];
  let over = false;
  for (const [word, name = '', at = ''] of words) {
    if (word === 'state' && states.includes(name)) state = name as SwitchState;
    else if (word === 'opened' && /^[\w:.-]+Z$/.test(at)) {
      if (!opened.some(({ instance }) => instance === name)) opened.push({ instance: name, at });
    } else if (word === 'left') left.push(name);
    else if (word === 'over') over = true;
    else return null;
  }
  return { state, opened, left, over };
}

/** "orders-a1 at 02:13:04 UTC" for each; what a person compares his own clock with. */
export function openedText(opened: SwitchSaid['opened']): string {
  return opened.map(({ instance, at }) => `${instance} at ${at.slice(11, 19)} UTC`).join(', ');
}
