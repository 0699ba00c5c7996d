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
 * run, once. It is judged after a look and never before one: while the laptop stood still, the switch went on. A look waits
 * as long as a switch may be silent, because a channel whose command passed its limit is lost.
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
    const before = seen.get(host) ?? { count: null, newAtMonoMs: mono() };
    const { alive } = switchPlace(runner.run().id, host);
    const answer = await sessions.channel(host)?.run(['cat', alive], silentMs);
    const count = answer?.kind === 'ok' ? countIn(answer.value.stdout) : null;
    const now = lookedAt(before, count, mono());
    seen.set(host, now);
    const alarm = alarmed.has(host) ? null : judgeSignOfLife(host, now, mono());
    if (alarm === null || !hostsToWatch(runner.run(), plan).includes(host)) return;
    alarmed.add(host);
    runner.post({ kind: 'alarmed', alarm });
  };
  const turn = async (): Promise<void> => {
    // A host that does not answer keeps nobody from looking at the others.
    for (const host of hostsToWatch(runner.run(), plan)) {
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
