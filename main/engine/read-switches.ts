import type { Plan } from '../../shared/plan/plan.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import type { Run } from '../../shared/steps/run.ts';
import { parseSwitchSaid, switchSaidArgv, type SwitchSaid } from '../../shared/steps/switch-said.ts';
import type { Sessions } from './sessions.ts';

const lookLimitMs = 2_000;

/**
 * Asks each host what became of its dead-man's switch, where this run may have armed one. A host that does not answer is
 * left out: what its switch did is not known then.
 */
export async function readSwitches(
  run: Run,
  plan: Plan,
  sessions: Pick<Sessions, 'channel'>,
): Promise<Readonly<Record<string, SwitchSaid>>> {
  const armed = armedHosts(plan).filter((host) =>
    run.undo.some((item) => item.kind === 'stand-down' && item.host === host),
  );
  const told = armed.map(async (host): Promise<readonly (readonly [string, SwitchSaid])[]> => {
    const answer = await sessions.channel(host)?.run(switchSaidArgv(run.id, host), lookLimitMs);
    const said = answer?.kind === 'ok' ? parseSwitchSaid(answer.value.stdout) : null;
    return said === null ? [] : [[host, said]];
  });
  return Object.fromEntries((await Promise.all(told)).flat());
}
