import {
  chosenAmong,
  countsAsHealthy,
  dependsOnWrites,
  detectionOf,
  servedAlthoughUnhealthy,
  votesByRegion,
} from '../shared/observations/health-check.ts';
import { zoneOfCheck } from '../shared/plan/checks-of-zones.ts';
import type { PlannedDns, PlannedHealthCheck } from '../shared/plan/plan-dns.ts';
import type { Result } from '../shared/lib/result.ts';
import { composeDns, lookAtCheck, makeCheck, type CheckStanding, type ComposedDns } from './compose-dns.ts';
import type { ZoneChannel } from './ports.ts';

type Options = { readonly json: boolean; readonly create: boolean };

/** What one check came to. */
type CheckEnd = {
  readonly planned: PlannedHealthCheck;
  readonly zone: string;
  readonly standing: CheckStanding | null;
  /** Its id, where it was made just now. */
  readonly created: string | null;
  readonly code: 0 | 1 | 2;
  readonly reasons: readonly string[];
};

/**
 * `dns health PLAN`: each health check of the plan as it is in Route 53, and the votes of its checkers. `--create` makes
 * those that are missing; one that is there is never changed. Exit 0: all as planned; 2: not all; 1: unusable.
 */
export async function dnsHealth(file: string, options: Options): Promise<number> {
  const composed = await composeDns(file);
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    return 1;
  }
  const { dns, plan, digest } = composed.value;
  const zones = new Map<string, Result<ZoneChannel, string>>();
  const ends: CheckEnd[] = [];
  for (const planned of dns.healthChecks) {
    const zone = dns.zones.find(({ id }) => id === zoneOfCheck(dns, planned.id));
    if (zone === undefined) continue;
    const opened = zones.get(zone.id) ?? (await composed.value.open(zone));
    zones.set(zone.id, opened);
    const end = opened.ok
      ? await settle(composed.value, opened.value, { planned, create: options.create })
      : { standing: null, created: null, code: 1 as const, reasons: [opened.error] };
    ends.push({ planned, zone: zone.id, ...end });
  }
  for (const opened of zones.values()) if (opened.ok) await opened.value.close();
  const notes = notesOf(dns, ends);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ plan: plan.name, digest, checks: ends.map(jsonOf), unchecked: uncheckedOf(dns), notes })}\n`,
    );
  else process.stdout.write([...ends.map(textOf), ...notes.map((note) => `${note}\n`)].join(''));
  for (const { planned, reasons } of ends)
    for (const reason of reasons) process.stderr.write(`${planned.id}: ${reason}\n`);
  return ends.some(({ code }) => code === 1) ? 1 : Math.max(0, ...ends.map(({ code }) => code));
}

/** Looks at one check, makes it where it is missing and that was asked for, and looks again: a reply alone is not believed. */
async function settle(
  composed: ComposedDns,
  channel: ZoneChannel,
  { planned, create }: { readonly planned: PlannedHealthCheck; readonly create: boolean },
): Promise<Omit<CheckEnd, 'planned' | 'zone'>> {
  const work = composed.health(channel);
  const seen = await lookAtCheck(work, planned);
  if (!seen.ok) return { standing: null, created: null, code: 1, reasons: [seen.error] };
  if (!create || seen.value.kind !== 'missing') return judged(seen.value, null);
  const made = await makeCheck(work, planned, seen.value);
  if (!made.ok) return { standing: seen.value, created: null, code: 2, reasons: [made.error] };
  const again = await lookAtCheck(work, planned);
  return again.ok
    ? judged(again.value, made.value)
    : { standing: null, created: made.value, code: 1, reasons: [again.error] };
}

function judged(standing: CheckStanding, created: string | null): Omit<CheckEnd, 'planned' | 'zone'> {
  const reasons = reasonsOf(standing);
  return { standing, created, code: reasons.length === 0 ? 0 : 2, reasons };
}

function reasonsOf(standing: CheckStanding): readonly string[] {
  if (standing.kind === 'missing')
    return [
      standing.healthCheckId === null
        ? 'It is not in Route 53 yet: --create makes it.'
        : `Route 53 has no health check ${standing.healthCheckId}${standing.named ? ', which the plan names: correct its healthCheckId, or take it out to have the check made' : ', which was made from here: --create makes another one'}.`,
    ];
  return [
    ...(standing.kind === 'differs'
      ? [
          `It is another one than the plan says (${standing.differing.map(({ field, planned, seen }) => `${field}: planned ${planned}, seen ${seen}`).join('; ')}). It is left as it is: correct it with aws route53 update-health-check --health-check-id ${standing.healthCheckId}, or correct the plan.`,
        ]
      : []),
    ...(standing.named
      ? []
      : [
          `Write healthCheckId: ${standing.healthCheckId} into the plan: until then its record sets cannot name it.`,
        ]),
  ];
}

function jsonOf({ planned, zone, standing, created, reasons }: CheckEnd): object {
  const { seconds, intervalSeconds, threshold } = detectionOf(planned);
  const votes = standing === null || standing.kind === 'missing' ? [] : standing.votes;
  return {
    check: planned.id,
    zone,
    standing: standing?.kind ?? 'unknown',
    healthCheckId: standing?.healthCheckId ?? null,
    created,
    differing: standing === null || standing.kind === 'missing' ? [] : standing.differing,
    detection: { intervalSeconds, threshold, seconds },
    dependsOnWrites: dependsOnWrites(planned),
    votes,
    countsAsHealthy: votes.length === 0 ? null : countsAsHealthy(votes),
    reasons,
  };
}

const words = { 'as-planned': 'as planned', differs: 'differs', missing: 'missing' } as const;

function textOf({ planned, zone, standing, created }: CheckEnd): string {
  const { seconds, intervalSeconds, threshold } = detectionOf(planned);
  const state = standing === null ? 'unknown' : words[standing.kind];
  const id = standing?.healthCheckId ?? 'no id';
  const made = created === null ? '' : ', made just now';
  const lines = [
    `${planned.id} (zone ${zone}, ${id}): ${state}${made}; taken out after ${seconds} s (${intervalSeconds} s × ${threshold})`,
    ...(dependsOnWrites(planned) === true
      ? [
          `  it depends on writes: a minute longer than ${seconds} s turns it unhealthy, and all others with it`,
        ]
      : []),
  ];
  if (standing === null || standing.kind === 'missing') return `${lines.join('\n')}\n`;
  const fields = standing.differing.map(
    ({ field, planned: expected, seen }) => `  ${field}: planned ${expected}, seen ${seen}`,
  );
  const votes = votesByRegion(standing.votes).map(({ region, healthy, of, newestAt, against }) => {
    const when = newestAt === null ? 'no time told' : `${new Date(newestAt).toISOString().slice(11, 19)} UTC`;
    return `  ${region.padEnd(15)} ${healthy} of ${of} healthy, ${when}${against.length === 0 ? '' : `: ${against.join('; ')}`}`;
  });
  const nobody =
    votes.length > 0 ? [] : ['  no checker has said anything yet: until then it counts as healthy'];
  return `${[...lines, ...fields, ...votes, ...nobody].join('\n')}\n`;
}

function uncheckedOf(dns: PlannedDns): readonly string[] {
  return chosenAmong(dns, 'after').flatMap(({ name, type, setIdentifier, check, evaluatesTarget }) =>
    check === null && !evaluatesTarget ? [`${name} ${type} (${setIdentifier})`] : [],
  );
}

/** What the checks together mean, where it applies. */
function notesOf(dns: PlannedDns, ends: readonly CheckEnd[]): readonly string[] {
  const dead = new Set(
    ends.flatMap(({ planned, standing }) =>
      standing !== null && standing.kind !== 'missing' && !countsAsHealthy(standing.votes)
        ? [planned.id]
        : [],
    ),
  );
  const served = (['before', 'after'] as const).flatMap((side) =>
    servedAlthoughUnhealthy(dns, side, (check) => dead.has(check)).map(
      (name) =>
        `every endpoint of ${name} ${side} the minute is unhealthy: Route 53 answers as if all were healthy, and dead ones are served like living ones`,
    ),
  );
  const unchecked = uncheckedOf(dns).map(
    (set) => `${set} has no health check: it is answered even when its endpoint is dead`,
  );
  return [...served, ...unchecked];
}
