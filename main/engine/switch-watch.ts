import type { Plan } from '../../shared/plan/plan.ts';
import {
  countIn,
  hostsToWatch,
  judgeSignOfLife,
  lookedAt,
  silentMs,
  type SignOfLife,
} from '../../shared/steps/sign-of-life.ts';
import { switchPlace } from '../../shared/steps/switch-place.ts';
import type { ClockPort } from '../ports.ts';
import { startLoop } from './loop.ts';
import type { Runner } from './runner.ts';
import type { Sessions } from './sessions.ts';
import { reasonOf } from './troubles.ts';

const lookEveryMs = 1_000;

/**
 * Looks each second whether every armed dead-man's switch is alive, over the channels that act; one that is not alarms the
 * run, once. A look waits as long as a switch may be silent, because a channel whose command passed its limit is lost.
 */
export function watchSwitches(
  {
    plan,
    clock,
    sessions,
    tell,
  }: {
    readonly plan: Plan;
    readonly clock: ClockPort;
    readonly sessions: Sessions;
    readonly tell: (text: string) => void;
  },
  runner: Runner,
): () => void {
  const seen = new Map<string, SignOfLife>();
  const alarmed = new Set<string>();
  const looking = new Set<string>();
  const mono = (): number => clock.now().monoMs;

  const look = async (host: string): Promise<void> => {
    const { alive } = switchPlace(runner.run().id, host);
    const answer = await sessions.channel(host)?.run(['cat', alive], silentMs);
    const before = seen.get(host);
    if (before === undefined || answer?.kind !== 'ok') return;
    seen.set(host, lookedAt(before, countIn(answer.value.stdout), mono()));
  };
  const turn = async (): Promise<void> => {
    const hosts = hostsToWatch(runner.run(), plan);
    for (const host of hosts) {
      const known = seen.get(host) ?? { count: null, newAtMonoMs: mono() };
      seen.set(host, known);
      const alarm = alarmed.has(host) ? null : judgeSignOfLife(host, known, mono());
      if (alarm !== null) {
        alarmed.add(host);
        runner.post({ kind: 'alarmed', alarm });
      }
      // A host that does not answer keeps nobody from looking at the others.
      if (looking.has(host)) continue;
      looking.add(host);
      void look(host)
        .catch((error: unknown) =>
          tell(
            `The program is wrong: looking at the dead-man's switch of ${host} failed (${reasonOf(error)}).`,
          ),
        )
        .finally(() => looking.delete(host));
    }
  };
  return startLoop(clock, {
    periodMs: lookEveryMs,
    turn,
    failed: (error) =>
      tell(`The program is wrong: watching the dead-man's switches failed (${reasonOf(error)}).`),
  }).stop;
}
