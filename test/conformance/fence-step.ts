import type { MysqlSession } from '../../main/ports.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Chain, Plan } from '../../shared/plan/plan.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import type { Command } from '../../shared/steps/command.ts';
import { emptyRun } from '../../shared/steps/decide.ts';
import { withEntries } from '../../shared/steps/ledger.ts';
import { fence } from '../../shared/steps/fence.ts';
import type { Progress } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Ground } from './ground.ts';

export type Fenced = {
  readonly end: Exclude<Progress, { kind: 'waiting' }>;
  /** What an operator read meanwhile, in this order. */
  readonly texts: readonly string[];
  readonly operations: readonly OperationName[];
  readonly killed: readonly number[];
  readonly tookMs: number;
};

/** The product's own fence step against one server, its commands sent as the engine sends them. */
export async function fenceStep(
  ground: Ground,
  {
    policy,
    fragileTables,
    first,
  }: {
    readonly policy: Chain['blockers'];
    readonly fragileTables: readonly string[];
    /** Just before the fence. */
    readonly first: () => Promise<unknown>;
  },
): Promise<Fenced> {
  const world = ground.world();
  const sessions = await openSessions(ground);
  await ground.value(sessions.act, 'takeLock', {});
  const identity = await ground.value(sessions.act, 'identity', {});
  const plan: Plan = { ...world.plan, limits: { ...world.plan.limits, fenceAttemptMs: 1_000 } };
  const chain = chainOf(plan, world.source, policy);
  await first();
  const now = () => ({ utcMs: world.nowMs(), monoMs: world.nowMs() });
  const began = now();
  const threads = Object.fromEntries(
    Object.entries(sessions).map(([purpose, { connectionId }]) => [purpose, connectionId]),
  );
  let run: Run = {
    ...emptyRun('fence-only', plan, began),
    threads: { [world.source]: threads },
    identities: { [world.source]: identity },
    fragileTables: { [world.source]: fragileTables },
  };
  const texts: string[] = [];
  const asked: Command[] = [];
  const send = (command: Command): void => {
    asked.push(command);
    const { action, key, limitMs } = command;
    const issued = { command, step: 'fence:orders', issuedAt: now() };
    run = {
      ...run,
      commands: withEntries(run.commands, [[key, { ...issued, answer: null, answeredAt: null }]]),
    };
    if (action.kind !== 'mysql') throw new Error(`The fence sent ${action.kind}.`);
    const session: MysqlSession = present(sessions[action.session as 'act'], action.session);
    void session.ask(action.operation, action.input as never, limitMs).then((answer) => {
      run = {
        ...run,
        commands: withEntries(run.commands, [[key, { ...issued, answer, answeredAt: now() }]]),
      };
    });
  };
  for (let turn = 0; turn < 1_500; turn++) {
    const context = { plan, run, key: 'fence:orders', attempt: 1, startedAt: began, now: now() };
    const progress = fence(context, chain);
    if ('commands' in progress) progress.commands?.forEach(send);
    if (progress.kind !== 'waiting') {
      const { monoMs } = now();
      return { end: progress, texts, ...summary(asked), tookMs: monoMs - began.monoMs };
    }
    if (texts.at(-1) !== progress.text) texts.push(progress.text);
    await world.pass(10);
  }
  throw new Error(`The fence step did not end: ${texts.at(-1) ?? ''}`);
}

async function openSessions({ world, open }: Ground) {
  const at = (purpose: SessionPurpose) => open(world().source, purpose);
  return {
    act: await at('act'),
    look: await at('look'),
    survey: await at('survey'),
    plain: await at('plain'),
  };
}

function chainOf(plan: Plan, source: string, blockers: Chain['blockers']): Chain {
  const chain = present(plan.chains[0], 'a chain');
  return { ...chain, blockers, source: { masters: [{ instance: source, channel: '' }], slaves: [] } };
}

function summary(asked: readonly Command[]): Pick<Fenced, 'operations' | 'killed'> {
  const actions = asked.flatMap(({ action }) => (action.kind === 'mysql' ? [action] : []));
  return {
    operations: actions.map(({ operation }) => operation),
    killed: actions.flatMap((action) => (action.operation === 'killThreads' ? action.input.threads : [])),
  };
}
