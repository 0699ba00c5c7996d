import { foldRun } from '../../shared/audit/fold.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import { reverseChannelOf } from '../../shared/plan/reverse-ends.ts';
import { isEffect } from '../../main/engine/perform.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import type { Rehearsed } from './rehearsal.ts';

/** What must be true after any night, however it went. Returns the broken rules as sentences. */
export function brokenRules(night: Rehearsed): readonly string[] {
  const { run, measured, violations, unintended, records } = night;
  const broken: string[] = [];
  if (violations.length > 0) broken.push(`I1: two writable sides: ${JSON.stringify(violations[0])}`);
  broken.push(...unintended.map((each) => `I5: ${each} reached its server without an intent`));
  if (run === null) return broken;
  if (run.outcome === null) broken.push(`I10: the run has no outcome after 200 s; it is ${run.phase}`);
  else if (measured === null) broken.push('no figures were taken');
  for (const figures of measured?.chains ?? [])
    // Nobody can count on a server that is gone; a night that is done must have counted.
    if (figures.lost === null ? run.outcome === 'done' : figures.lost > 0)
      broken.push(`I2: ${figures.name} lost ${figures.lost ?? 'nobody knows how many'}`);
  return [...broken, ...brokenSides(night), ...brokenJournal(records, run.outcome)];
}

function brokenSides({ run, simulator, writable }: Rehearsed): readonly string[] {
  if (run === null) return [];
  const broken: string[] = [];
  for (const [id, each] of simulator.world.chains) {
    const plan = simulator.world.plan.chains.find((one) => one.id === id);
    const passed = run.ponrAt !== null;
    const masters = ((passed ? plan?.target.masters : plan?.source.masters) ?? []).map(
      ({ instance }) => instance,
    );
    for (const server of passed ? each.servers.filter((one) => masters.includes(one.id)) : []) {
      const missing = missingAcknowledged(server);
      if (missing > 0) broken.push(`I2: ${server.id} lacks ${missing} acknowledged writes`);
    }
    const open = writable[id] ?? [];
    if (run.outcome === 'thawed' && !masters.every((instance) => open.includes(instance)))
      broken.push(`I3: thawed, but ${id} takes writes on ${open.join(', ') || 'nothing'}`);
    if (
      run.outcome === 'thawed' &&
      plan !== undefined &&
      each.servers.some((one) => hasReverse(one, reverseChannelOf(plan)))
    )
      broken.push(`I3: thawed, but a reverse link is left in ${id}`);
    if (run.ponrAt !== null) {
      const sources = each.servers.filter((one) => one.side === 'source').map((one) => one.id);
      for (const source of sources.filter((one) => open.includes(one)))
        broken.push(`I4: past the point of no return ${source} takes writes`);
    }
  }
  return broken;
}

function hasReverse(
  { links }: { readonly links: readonly { readonly channel: string }[] },
  reverse: string,
): boolean {
  return links.some(({ channel }) => channel === reverse);
}

/** Rules of the journal alone: an answer only to an intent before it, one PONR, and a fold that comes to the same. */
function brokenJournal(records: readonly JournalRecord[], outcome: string | null): readonly string[] {
  const broken: string[] = [];
  const intended = new Map<string, boolean>();
  let points = 0;
  for (const { seq, payload } of records) {
    if (payload.kind !== 'event') continue;
    const { event } = payload;
    if (event.kind === 'answered' && !intended.has(event.key))
      broken.push(`I5: record ${seq} answers ${event.key}, which no record before it intends`);
    for (const { key, action } of payload.intended) {
      if (intended.has(key)) broken.push(`I5: record ${seq} intends ${key} again`);
      intended.set(key, isEffect(action));
    }
    if (payload.pointOfNoReturn) points += 1;
  }
  if (points > 1) broken.push(`I4: ${points} points of no return`);
  const folded = foldRun(records);
  if (!folded.ok) broken.push(`fold: ${folded.error}`);
  else if (folded.value.run.outcome !== outcome)
    broken.push(`fold: ${folded.value.run.outcome} is not ${outcome}`);
  return broken;
}

/** What a thaw should have set back and did not; faults may have changed servers of their own. */
export function notRestored(
  { before, after }: Pick<Rehearsed, 'before' | 'after'>,
  except: readonly string[] = [],
): readonly string[] {
  const concerns = (line: string): boolean => !except.some((name) => line.startsWith(`${name} `));
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `was: ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `is: ${line}`),
  ].filter((line) => concerns(line.replace(/^(was|is): /, '')));
}
