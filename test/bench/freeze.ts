import { asRoot } from '../lab/sql.ts';
import type { Lab } from '../lab/start-lab.ts';
import { membersOf } from '../lab/topology.ts';
import type { Write } from './writer-order.ts';

/** What one switch of one chain looked like from outside. */
export type Seen = {
  readonly freezeMs: number;
  readonly acknowledged: number;
  readonly unknown: number;
  /** When the writers' last acknowledgement by the source and first one by the target came. */
  readonly lastSourceAt: number;
  readonly firstTargetAt: number;
};

/**
 * The freeze of a chain: end of the last write that the source acknowledged to end of the first one that the target did.
 * Throws when an acknowledged write is missing on the target, or when both sides took writes.
 */
export async function judgeSwitch(lab: Lab, chain: string, writes: readonly Write[]): Promise<Seen> {
  const mine = writes.filter((write) => write.chain === chain);
  const acknowledged = mine.filter(({ outcome }) => outcome === 'acknowledged');
  const source = acknowledged.filter(({ side }) => side === 'source').map(({ endedAt }) => endedAt);
  const target = acknowledged.filter(({ side }) => side === 'target').map(({ endedAt }) => endedAt);
  if (source.length === 0 || target.length === 0)
    throw new Error(
      `${chain}: ${source.length} writes acknowledged by the source and ${target.length} by the target; expected some of each`,
    );
  const lastSourceAt = source.reduce((a, b) => Math.max(a, b));
  const firstTargetAt = target.reduce((a, b) => Math.min(a, b));
  if (lastSourceAt > firstTargetAt)
    throw new Error(
      `${chain}: OVERLAP: the source acknowledged a write ${(lastSourceAt - firstTargetAt).toFixed(1)} ms after the target's first one`,
    );
  const lost = await missingOn(lab, chain, acknowledged);
  if (lost.length > 0)
    throw new Error(
      `${chain}: ${lost.length} acknowledged writes are LOST on the target, e.g. ${lost.slice(0, 3).join(', ')}`,
    );
  return {
    freezeMs: firstTargetAt - lastSourceAt,
    acknowledged: acknowledged.length,
    unknown: mine.filter(({ outcome }) => outcome === 'unknown').length,
    lastSourceAt,
    firstTargetAt,
  };
}

async function missingOn(lab: Lab, chain: string, writes: readonly Write[]): Promise<readonly string[]> {
  const target = membersOf(chain, 'target-master')[0]?.id ?? '';
  const rows = await asRoot(lab.state(), target, 'SELECT id FROM shop.writes');
  const present = new Set(rows.map((row) => row['id']));
  return writes.map(({ id }) => id).filter((id) => !present.has(id));
}
