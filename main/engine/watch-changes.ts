import { takenChanges, type ChangeSeen } from '../../shared/steps/taken-changes.ts';
import type { ClockPort } from '../ports.ts';
import { startLoop } from './loop.ts';
import type { Runner } from './runner.ts';
import type { Sessions } from './sessions.ts';
import { reasonOf } from './troubles.ts';

/** Route 53 takes five requests a second for a whole account; a change takes up to a minute. */
const lookEveryMs = 2_000;
const lookLimitMs = 5_000;

/** The run's own changes, looked at from when they are taken until they are INSYNC: nothing in the minute waits for that. */
export function watchChanges(
  {
    clock,
    sessions,
    tell,
  }: { readonly clock: ClockPort; readonly sessions: Sessions; readonly tell: (text: string) => void },
  runner: Runner,
): { readonly seen: () => readonly ChangeSeen[]; readonly stop: () => void } {
  const seen = new Map<string, ChangeSeen>();
  const turn = async (): Promise<void> => {
    for (const taken of takenChanges(runner.run())) {
      const known = seen.get(taken.changeId);
      if (known?.state === 'INSYNC') continue;
      const answer = await sessions.zone(taken.zone)?.changeState(taken.changeId, lookLimitMs);
      const state = answer?.kind === 'ok' ? answer.value.state : 'PENDING';
      seen.set(taken.changeId, {
        ...taken,
        state,
        insyncAt: state === 'INSYNC' ? (answer?.takenAt ?? null) : null,
        trouble: answer?.kind === 'ok' ? null : (answer?.message ?? 'no channel is open'),
      });
    }
  };
  const loop = startLoop(clock, {
    periodMs: lookEveryMs,
    turn,
    failed: (error) =>
      tell(`The program is wrong: watching the changes of Route 53 failed (${reasonOf(error)}).`),
  });
  const unlooked = { state: 'PENDING', insyncAt: null, trouble: null } as const;
  return {
    seen: () =>
      takenChanges(runner.run()).map((taken) => seen.get(taken.changeId) ?? { ...taken, ...unlooked }),
    stop: loop.stop,
  };
}
