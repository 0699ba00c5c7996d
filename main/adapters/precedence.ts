import { readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import type { LaptopPort } from '../ports.ts';

/** Linux' group of all programs of one terminal or desktop session. */
const ownGroup = '/proc/self/autogroup';

/**
 * Puts this process before the others. Where Linux groups programs by session (autogroup, the default on desktops), the
 * nice value of a process counts inside its own group alone, and a browser is in another one: the group is raised too.
 */
export function takePrecedence(groupFile = ownGroup): ReturnType<LaptopPort['takePrecedence']> {
  const before = getPriority();
  const wanted = Math.min(before, constants.priority.PRIORITY_HIGH);
  const groupBefore = groupPriority(groupFile);
  try {
    setPriority(wanted);
  } catch {
    // Most systems allow this to an administrator only; without it the minute is as quick as the laptop is idle.
    return { raised: false, release: () => undefined };
  }
  const groupRaised = groupBefore !== null && setGroup(groupFile, Math.min(groupBefore, wanted));
  return {
    raised: groupBefore === null || groupRaised,
    release: () => {
      setPriority(before);
      if (groupRaised) setGroup(groupFile, groupBefore);
    },
  };
}

/** The nice value of the group; null: this system has none. */
function groupPriority(file: string): number | null {
  try {
    const nice = /nice (-?\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
    return nice === undefined ? null : Number(nice);
  } catch {
    return null;
  }
}

function setGroup(file: string, nice: number): boolean {
  try {
    writeFileSync(file, String(nice));
    return true;
  } catch {
    return false;
  }
}
