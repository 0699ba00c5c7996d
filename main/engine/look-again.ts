import { openedByOthers, whereItStands, type SeenNow } from '../../shared/audit/where-it-stands.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { runHosts } from '../../shared/plan/switches.ts';
import type { FastFacts } from '../../shared/sessions/operations.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import { notExplained } from '../../shared/steps/found.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Ports } from '../ports.ts';
import { readSwitches } from './read-switches.ts';
import { reopenLost } from './reopen.ts';
import { emptySessions, type Sessions } from './sessions.ts';

const lookLimitMs = 2_000;
/** An uptime in whole seconds and two clocks: a server that started this close to the begin counts as not restarted. */
const bootMarginMs = 5_000;

/** What a look at every server says of a run that somebody left. */
export type Looked = {
  readonly stands: string;
  readonly restarted: readonly string[];
  readonly seen: Readonly<Record<string, FastFacts | null>>;
};

type Ground = { readonly plan: Plan; readonly ports: Ports };

/** Asks every server how it is, and refuses where going on by this journal would split the data. */
export async function lookAgain(
  { plan, ports }: Ground,
  run: Run,
  sessions: Sessions,
): Promise<Result<Looked, string>> {
  const asked = planNodes(plan).map(async (node): Promise<readonly [string, FastFacts | null]> => {
    const answer: Answer<FastFacts> | undefined = await sessions
      .mysql(node, 'look')
      ?.ask('fastFacts', {}, lookLimitMs);
    return [node, answer?.kind === 'ok' ? answer.value : null];
  });
  const seen: Readonly<Record<string, FastFacts | null>> = Object.fromEntries(await Promise.all(asked));
  const now = ports.clock.now().utcMs;
  const begunAt = run.begunAt?.utcMs ?? now;
  const restarted = Object.entries(seen).flatMap(([node, facts]) =>
    facts !== null && now - facts.uptimeSeconds * 1_000 > begunAt + bootMarginMs ? [node] : [],
  );
  const said: Readonly<Record<string, SeenNow>> = seen;
  const stands = whereItStands(run, plan, said);
  const strange = openedByOthers(run, plan, said);
  if (strange.length > 0)
    return failed(
      `Not taken up again: ${strange.join(', ')} takes writes, but this journal knows of no promotion. Taking back could open the other side too. ${stands}. Find out who opened it, close one side by hand, then resume.`,
    );
  return ok({ stands, restarted, seen });
}

/** What the servers show more than the journal that a takeover goes by; null: nothing. */
export function whyNotThisJournal(run: Run, plan: Plan, { seen, stands }: Looked): string | null {
  const strange = notExplained(run, plan, seen);
  return strange.length === 0
    ? null
    : `Not taken over: the servers show more than this journal: ${strange.join('; ')}. ${stands}. The journal on the other laptop, or its emergency sheet, says what to take back.`;
}

/**
 * What a takeover looks at before it takes anything: every server and every host of the run must answer and be the one that
 * the run began with, and what the servers show must be explained by its journal. Whatever would refuse the takeover later
 * refuses it here, where the cockpit that drives has lost nothing yet. `despite`: names that a person lets be dark.
 */
export async function lookBeforeTaking(
  { plan, ports }: Ground,
  run: Run,
  despite: readonly string[],
): Promise<Result<string, string>> {
  // Never released, so that nothing was sent anywhere: it ends without a look.
  if (run.phase === 'held') return ok('the run was never released');
  const sessions = emptySessions(() => undefined);
  const ground = { plan, ports, run, sessions, channels: sessions };
  try {
    const opened = await reopenLost(ground);
    if (!opened.ok) return failed(`${opened.error} ${untouched}`);
    const hosts = runHosts(plan).filter((host) => sessions.channel(host)?.state() !== 'open');
    const switches = await readSwitches(run, plan, sessions);
    const looked = await lookAgain(ground, { ...run, switches }, sessions);
    if (!looked.ok) return failed(`${looked.error} ${untouched}`);
    const strange = whyNotThisJournal(run, plan, looked.value);
    if (strange !== null) return failed(`${strange} ${untouched}`);
    const servers = planNodes(plan).filter((node) => looked.value.seen[node] === null);
    const dark = [...servers, ...hosts].filter((name) => !despite.includes(name));
    if (dark.length === 0) return ok(looked.value.stands);
    const why = opened.value.stillLost.filter((text) => dark.some((name) => text.startsWith(name)));
    return failed(
      `Not taken over: ${dark.join(', ')} did not answer this laptop${why.length === 0 ? '' : ` (${why.join('; ')})`}. ${looked.value.stands}. ${untouched} If they are down, and not only out of reach from here: cockpit takeover ${run.id} --despite ${[...despite, ...dark].join(',')}`,
    );
  } finally {
    await sessions.close();
  }
}

const untouched = 'Nothing was taken: whoever drives goes on driving.';
