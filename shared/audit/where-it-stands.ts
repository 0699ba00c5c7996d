import type { Chain, Plan } from '../plan/plan.ts';
import { sourceNodes, targetNodes } from '../steps/need.ts';
import { whyOver } from '../steps/resume.ts';
import type { Run } from '../steps/run.ts';
import { entriesOf } from '../steps/ledger.ts';
import { chainSaid, secondStageHosts } from '../steps/chain-said.ts';
import { openedText } from '../steps/switch-said.ts';

/** What a server said of itself just now; null: it did not answer. */
export type SeenNow = { readonly readOnly: boolean; readonly lockHolder: number | null } | null;

/** Where things stand, in one sentence: from what the servers say now, and from what the run had intended before. */
export function whereItStands(
  run: Run,
  plan: Plan,
  seen: Readonly<Record<string, SeenNow | undefined>>,
): string {
  if (run.phase === 'held') return whatComes(run, plan);
  const chains = plan.chains.map((chain) => chainStands(run, plan, [chain, seen])).join('; ');
  return `${chains}; ${locksStand(run, plan, seen)}; ${whatComes(run, plan)}`;
}

/** Targets that take writes although this run never came to promote them; by its own journal that cannot be. */
export function openedByOthers(
  run: Run,
  plan: Plan,
  seen: Readonly<Record<string, SeenNow | undefined>>,
): readonly string[] {
  if (run.ponrAt !== null) return [];
  return plan.chains.flatMap(targetNodes).filter((node) => seen[node]?.readOnly === false);
}

function chainStands(
  run: Run,
  plan: Plan,
  [chain, seen]: readonly [Chain, Readonly<Record<string, SeenNow | undefined>>],
): string {
  const { opened } = chainSaid(run, plan, chain);
  const fenced = new Set(
    entriesOf(run.commands).flatMap(({ command: { action } }) =>
      action.kind === 'mysql' && action.operation === 'fence' ? [action.instance] : [],
    ),
  );
  const masters = chain.source.masters.map(({ instance }) => instance);
  const word = (node: string): string => {
    const now = seen[node];
    if (now === undefined || now === null) return `${node} does not answer`;
    const bySwitch = opened.filter(({ instance }) => instance === node);
    if (!now.readOnly)
      return `${node} takes writes${bySwitch.length === 0 ? '' : ` (opened again by its dead-man's switch: ${openedText(bySwitch)})`}`;
    if (!masters.includes(node)) return `${node} is closed`;
    return fenced.has(node) ? `${node} is closed by this run's fence` : `${node} is closed, not by this run`;
  };
  const openSlaves = sourceNodes(chain).filter(
    (node) => !masters.includes(node) && seen[node]?.readOnly === false,
  );
  const targets = chain.target.masters.map(({ instance }) => instance);
  return `${chain.id}: ${[...masters, ...openSlaves, ...targets].map(word).join(', ')}`;
}

function locksStand(run: Run, plan: Plan, seen: Readonly<Record<string, SeenNow | undefined>>): string {
  const held = plan.chains
    .flatMap((chain) => [...sourceNodes(chain), ...targetNodes(chain)])
    .flatMap((node) => {
      const holder = seen[node]?.lockHolder ?? null;
      if (holder === null) return [];
      const ours = Object.values(run.threads[node] ?? {}).includes(holder);
      return [{ node, ours }];
    });
  const others = held.filter(({ ours }) => !ours).map(({ node }) => node);
  if (others.length > 0) {
    const who = secondStageHosts(run, plan).length > 0 ? "the dead-man's switch" : 'somebody else';
    return `${who} holds the run lock of ${others.join(', ')}`;
  }
  return held.length === 0
    ? 'nobody holds the run lock'
    : `sessions that this run lost still hold its lock on ${held.length} databases`;
}

/** What becomes of a run that is taken up again, as its journal alone tells. */
export function whatComes(run: Run, plan: Plan): string {
  const over = whyOver(run);
  if (over !== null) return over;
  if (run.phase === 'held')
    return 'the run was never released, so nothing was begun and nothing is to be done';
  if (run.ponrAt === null) return 'the point of no return was not passed, so everything is taken back';
  const back = plan.chains.filter((chain) => chainSaid(run, plan, chain).opened.length > 0);
  if (back.length > 0)
    return `the point of no return was passed, but the second stage of the dead-man's switch opened the source of ${back.map(({ id }) => id).join(', ')} again, so nothing goes forward and a person decides`;
  if (run.phase === 'running') return 'the point of no return was passed, so the run goes forward';
  return 'every step is done, so the run is watched until Close';
}
