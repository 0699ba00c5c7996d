import type { MeasuredRecord } from '../../shared/audit/record.ts';
import { judgeFigures } from '../../shared/observations/figures.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Run } from '../../shared/steps/run.ts';
import { openedBySwitch } from '../../shared/steps/stand-down.ts';
import type { Ports } from '../ports.ts';
import { pause } from './pause.ts';

/** How often writes are looked for: it changes nothing, and a busy application answers the next time. */
const looks = 4;
const lookAgainMs = 1_500;

/**
 * The official figures, from the synthetic clients' own logs: write freeze per chain, user-visible downtime, and which
 * acknowledged writes are missing on the side that takes writes now.
 */
export async function measure(
  plan: Plan,
  ports: Ports,
  of: { readonly sinceUtcMs: number; readonly run: Run | null },
): Promise<MeasuredRecord> {
  const writes = await ports.clients.writes(of.sinceUtcMs);
  const figures = judgeFigures(plan, writes);
  const opened = of.run === null ? [] : openedBySwitch(of.run, plan);
  const chains = await Promise.all(
    plan.chains.map(async (chain) => {
      const mine = writes.filter((write) => write.chain === chain.id);
      const acknowledged = mine.filter(({ outcome }) => outcome === 'acknowledged').map(({ id }) => id);
      const promoted = of.run?.steps[`promote:${chain.id}`]?.state === 'done';
      // Past the point of no return only the target counts, even where its step failed after it had opened; where the
      // dead-man's switch opened the source no target can be open, and what was written since stands there.
      const isOpened = opened.includes(chain);
      const side = (of.run?.ponrAt ?? null) === null || isOpened ? chain.source : chain.target;
      const holder = present(side.masters[0], 'a master').instance;
      const missing = await askMissing(ports, [chain.id, holder, acknowledged]);
      const lostIds = missing.kind === 'ok' ? missing.value : [];
      return {
        name: chain.id,
        writeFreezeMs: promoted ? (figures.freezes[chain.id] ?? null) : null,
        acknowledged: acknowledged.length,
        // What could not be looked for is neither lost nor safe: no number is claimed.
        lost: missing.kind === 'ok' ? lostIds.length : null,
        unknown: mine.filter(({ outcome }) => outcome === 'unknown').length,
        lostIds: lostIds.slice(0, 100),
        ...(isOpened ? { countedOn: 'source' as const } : {}),
        ...(missing.kind === 'ok' ? {} : { notChecked: `${holder}: ${missing.message}` }),
      };
    }),
  );
  return {
    kind: 'measured',
    chains,
    userVisibleDowntimeMs: figures.userVisibleDowntimeMs,
    overlapMs: figures.overlapMs,
  };
}

/** What one co-master acknowledged last may still be on its way to the other: what is missing is looked for again. */
async function askMissing(
  ports: Ports,
  [chain, holder, acknowledged]: Parameters<Ports['clients']['missing']>,
): ReturnType<Ports['clients']['missing']> {
  let wanted = acknowledged;
  for (let look = 1; ; look += 1) {
    const answer = await ports.clients.missing(chain, holder, wanted);
    if (look >= looks || (answer.kind === 'ok' && answer.value.length === 0)) return answer;
    if (answer.kind === 'ok') wanted = answer.value;
    await pause(ports.clock, lookAgainMs);
  }
}
