import type { Chain } from '../plan/plan.ts';
import type { FastFacts, Position } from '../sessions/operations.ts';
import { contains, linkHasApplied, missing, samePosition, union } from '../observations/gtid-set.ts';
import { ok, failed, type Result } from '../lib/result.ts';
import { present } from '../lib/assert.ts';
import type { Seen } from './need.ts';

/** What was read of some instances, by instance id. */
export type FactsByInstance = Readonly<Record<string, Seen>>;

/**
 * Whether `holder` contains everything any of the source masters ever committed.
 *
 * With GTID: the union over all source masters, per (domain, server) on MariaDB; a wait function is never the proof.
 * Without: the link to the direct source has applied that source's whole log; the co-masters converged before that.
 * The failure is a sentence: what was not understood, or which link is missing.
 */
export function holdsAll(
  chain: Chain,
  holder: readonly [instance: string, facts: Seen],
  sources: FactsByInstance,
): Result<{ readonly holds: boolean; readonly lacks: string }, string> {
  const [, facts] = holder;
  if (chain.gtid === 'off') return followsDirectSource(chain, holder, sources);
  // A union leaves out who has no GTID: what such a source wrote would be missing from the proof without a word.
  const silent = Object.entries(sources).find(([, source]) => source.position.gtid.trim() === '');
  if (silent !== undefined)
    return failed(`${silent[0]} names no GTID; expected one, because the plan says gtid: on`);
  const positions = Object.values(sources).map((source) => source.position);
  const all = union(positions);
  if (!all.ok) return all;
  const wanted: Position = { ...present(positions[0], 'a source position'), gtid: all.value };
  const held = contains(facts.position, wanted);
  if (!held.ok) return held;
  if (held.value) return ok({ holds: true, lacks: '' });
  const lacking = missing(facts.position, wanted);
  return ok({ holds: false, lacks: lacking.ok ? lacking.value.text : lacking.error });
}

function followsDirectSource(
  chain: Chain,
  [instance, facts]: readonly [instance: string, facts: Seen],
  sources: FactsByInstance,
): Result<{ readonly holds: boolean; readonly lacks: string }, string> {
  const member = memberOf(chain, instance);
  const from = member?.from;
  if (member === undefined || from === undefined) return failed(`${instance} has no source in the plan`);
  const source = sources[from];
  if (source === undefined) return failed(`${from}, which ${instance} follows, was not read`);
  const link = facts.links?.find(({ channel }) => channel === member.channel);
  if (link === undefined) return failed(`${instance} has no link "${member.channel}" to ${from}`);
  const applied = linkHasApplied(link, source.position);
  if (!applied.ok) return applied;
  return ok({
    holds: applied.value,
    lacks: applied.value
      ? ''
      : `${from} is at ${source.position.file}:${source.position.offset}, ${instance} has applied ${link.appliedFile}:${link.appliedOffset}`,
  });
}

/** The member of a chain with that instance. */
export function memberOf(chain: Chain, instance: string) {
  return [
    ...chain.source.masters,
    ...chain.source.slaves,
    ...chain.target.masters,
    ...chain.target.replicas,
  ].find((member) => member.instance === instance);
}

/** Why a link cannot make progress, as a sentence; null when both its threads run. */
export function linkTrouble(chain: Chain, instance: string, facts: Pick<FastFacts, 'links'>): string | null {
  const member = memberOf(chain, instance);
  if (member?.from === undefined) return null;
  const link = facts.links.find(({ channel }) => channel === member.channel);
  if (link === undefined)
    return `${instance} no longer replicates from ${member.from}: expected a running link, seen none`;
  if (link.applier === 'stopped') {
    const error =
      link.applierError === null
        ? 'without an error'
        : `with error ${link.applierError.code}: ${link.applierError.message}`;
    return `the applier of ${instance} is stopped ${error}; expected it running from ${member.from}`;
  }
  if (link.receiver === 'stopped') {
    const error =
      link.receiverError === null
        ? 'without an error'
        : `with error ${link.receiverError.code}: ${link.receiverError.message}`;
    return `the receiver of ${instance} is stopped ${error}; expected it connected to ${member.from}`;
  }
  if (link.delaySeconds > 0)
    return `${instance} delays applying by ${link.delaySeconds} s; expected no delay`;
  return filterTrouble(chain, instance, facts);
}

/**
 * What the link of a node leaves out, as a sentence; null when nothing. A filtered event counts as applied by its position
 * (seen on real servers), so that no comparison of positions finds its rows missing.
 */
export function filterTrouble(
  chain: Chain,
  instance: string,
  facts: Pick<FastFacts, 'links'>,
): string | null {
  const member = memberOf(chain, instance);
  const filters = facts.links.find(({ channel }) => channel === member?.channel)?.filters ?? [];
  return filters.length === 0
    ? null
    : `${instance} leaves out what a filter names (${filters.join(', ')}); expected none: rows would be missing although it says that it applied them`;
}

/** What changed on a fenced server between two readings, as a sentence; null when nothing did. */
export function changedSince(instance: string, before: Seen, after: Seen): string | null {
  if (after.serverId !== before.serverId || after.serverUuid !== before.serverUuid) {
    return `${instance} is another server than before: server id ${after.serverId}, expected ${before.serverId}`;
  }
  if (after.uptimeSeconds < before.uptimeSeconds) {
    return `${instance} was restarted: it is up ${after.uptimeSeconds} s, before it was up ${before.uptimeSeconds} s`;
  }
  const open = notClosed(instance, after);
  if (open !== null) return open;
  if (before.superReadOnly === true && after.superReadOnly === false) {
    return `${instance} lets privileged accounts write again; expected super_read_only to hold`;
  }
  if (!samePosition(before.position, after.position)) {
    return `${instance} moved after the fence: from ${positionText(before.position)} to ${positionText(after.position)}`;
  }
  return null;
}

/** Why a source node is not closed, as a sentence; null when it is. */
export function notClosed(instance: string, facts: Seen): string | null {
  return facts.readOnly ? null : `${instance} takes writes; expected the fence to hold`;
}

/** A position as people read it. */
export function positionText(position: Position): string {
  if (position.gtid !== '') return position.gtid.replaceAll(/\s+/g, '');
  return position.file === null ? 'no binary log' : `${position.file}:${position.offset}`;
}
