import { armedHosts } from '../plan/switches.ts';
import { askForJudgement, judgeAtSource } from './at-source.ts';
import type { Needs, StepContext } from './need.ts';
import { factsThroughDoors } from './oust.ts';
import type { BehindSwitch } from './second-stage.ts';
import { parseSwitchSaid, switchSaidArgv } from './switch-said.ts';

/**
 * What a conclusion at the source looks at before anything is set back: every switch and every server once more, at the
 * moment of the press. Null: the data of every chain is on its source alone.
 */
export function whyNotAtSource(
  need: Needs,
  context: StepContext,
): Exclude<BehindSwitch, { kind: 'forward' }> | null {
  const { run, plan } = context;
  const asked = armedHosts(plan).map((host) => {
    const argv = switchSaidArgv(run.id, host);
    return [host, need.ssh('status', [host, argv], { effect: false })] as const;
  });
  const facts = askForJudgement(plan, (node) => factsThroughDoors(need, 'closed', node));
  if (facts === null || asked.some(([, answer]) => answer === undefined))
    return { kind: 'waiting', text: "a look at every server and every dead-man's switch" };
  const switches = Object.fromEntries(
    asked.flatMap(([host, answer]) => {
      const said = answer?.kind === 'ok' ? parseSwitchSaid(answer.value.stdout) : null;
      return said === null ? [] : [[host, said] as const];
    }),
  );
  const { stands, wrong } = judgeAtSource({ ...run, switches }, plan, facts);
  return wrong.length === 0
    ? null
    : { kind: 'failed', text: `Not concluded, and nothing was changed: ${wrong.join('; ')}. ${stands}.` };
}
