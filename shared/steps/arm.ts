import { armedChains, armedHosts } from '../plan/switches.ts';
import { readAll } from './before-fence.ts';
import { lockingNodes, readCensus } from './bypass-accounts.ts';
import { done, failure, needs, sourceNodes, trouble, type StepFunction } from './need.ts';
import { countIn } from './sign-of-life.ts';
import { hostSwitch } from './switch-host.ts';
import { switchPlace } from './switch-place.ts';
import { switchScript } from './switch-script.ts';

/**
 * Puts the dead-man's switch on every source host and every host that is changed before the fence, starts it there, and
 * sees its first sign of life. What it would undo is known already, so that it needs nothing from here afterwards.
 */
export const arm: StepFunction = (context) => {
  const { plan, run } = context;
  if (armedHosts(plan).length === 0)
    return {
      kind: 'absent',
      text: "The plan has no dead-man's switch: if this laptop dies between fence and promote, the sources stay read-only until a person thaws them.",
    };
  const need = needs(context);
  const before = readAll(need, 'before', armedChains(plan).flatMap(sourceNodes));
  if (before.kind === 'failed') return failure(before.text);
  if (before.kind === 'waiting') return need.waiting('the state of the source nodes');
  const census = readCensus(need, 'accounts', lockingNodes(armedChains(plan)));
  if (census.kind === 'failed') return failure(census.text);
  if (census.kind === 'waiting') return need.waiting(census.text);
  const ground = { ...run, runId: run.id, facts: before.facts, accounts: census.accounts };
  const waiting: string[] = [];
  const alive: string[] = [];
  for (const host of armedHosts(plan)) {
    const place = switchPlace(run.id, host);
    // Written when it is sent, and not again at every event while its host is waited for.
    const script = (): string => switchScript(hostSwitch(plan, host, ground));
    const put = need.sshFile('switch', [host, place.script, script], {
      limitMs: plan.limits.quietMs,
      undo: { kind: 'stand-down', host },
    });
    if (put === undefined) {
      waiting.push(host);
      continue;
    }
    if (put.kind !== 'ok') return failure(trouble(host, "putting the dead-man's switch there", put));
    const armed = need.ssh('arm', [host, ['sh', place.command, 'arm']], {
      effect: true,
      limitMs: plan.limits.quietMs,
    });
    if (armed === undefined) waiting.push(host);
    else if (armed.kind !== 'ok') return failure(trouble(host, "arming the dead-man's switch", armed));
    else if (countIn(armed.value.stdout) === null)
      return failure(
        `${host}: expected the first sign of life of its dead-man's switch, seen ${JSON.stringify(armed.value.stdout.slice(0, 80))}`,
      );
    else alive.push(host);
  }
  if (waiting.length > 0)
    return need.waiting(`the first sign of life of the dead-man's switch on ${waiting.join(', ')}`);
  return done(
    `Dead-man's switch armed and alive on ${alive.join(', ')}: it opens the source again ${plan.limits.deadMansSwitchMs / 1_000} s from now unless it is claimed.`,
  );
};
