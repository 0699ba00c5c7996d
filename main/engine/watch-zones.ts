import { runwayOf, type TtlRecord } from '../../shared/audit/ttl-record.ts';
import { ok, type Result } from '../../shared/lib/result.ts';
import { zoneOfCheck } from '../../shared/plan/checks-of-zones.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import {
  allHealthy,
  type DnsFacts,
  type HealthSeen,
  type ZoneSeen,
} from '../../shared/observations/dns-facts.ts';
import { keepLook, votesByRegion } from '../../shared/observations/health-check.ts';
import { known, unknown } from '../../shared/observations/observation.ts';
import { plannedZones } from '../../shared/steps/prepared-zone.ts';
import type { Ports, ZoneChannel } from '../ports.ts';
import { startLoop } from './loop.ts';
import type { OwnWork } from './own-work.ts';
import { openZone, type emptySessions } from './sessions.ts';
import { observed } from './watched-facts.ts';

/** Route 53 takes five requests a second for a whole account: zones are listed seldom, checks asked one a second at most. */
const zonePeriodMs = 30_000;
const checkPeriodMs = 10_000;
const mostChecksPerSecond = 1;
const askLimitMs = 10_000;
const listLimitMs = 30_000;

export type ZoneWatch = {
  /** What is seen, as a part of the snapshot; none where the plan changes no record sets. */
  readonly part: () => { readonly dns?: DnsFacts };
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

/** What is kept of the lowering of a zone's TTLs; null: none. */
export type Lowering = (zone: string) => Result<TtlRecord | null, string>;

/** What an observer stands on. */
export type ObserverGround = {
  readonly channels: ReturnType<typeof emptySessions>;
  readonly tell: (text: string) => void;
  readonly lowering?: Lowering | undefined;
  /** What was proven and tried of zones, as the plan's journal has it. */
  readonly tried?: (() => Pick<DnsFacts, 'proofs' | 'trials'>) | undefined;
};

type Around = Pick<ObserverGround, 'lowering' | 'tried' | 'channels'> & {
  readonly resting: () => boolean;
  readonly work: OwnWork;
  readonly failed: (what: string, error: unknown) => void;
};

/**
 * Looks at the zones and health checks of the plan over the channels that the minute will use: what is asked now and then
 * keeps their connections warm. In the minute it rests.
 */
export function watchZones(plan: Plan, ports: Ports, around: Around): ZoneWatch {
  const { channels, resting, work, failed } = around;
  const now = (): number => ports.clock.now().utcMs;
  const zones = new Map<string, ZoneSeen>();
  const checks = new Map<string, HealthSeen>();
  for (const { id } of plannedZones(plan.dns)) zones.set(id, unseenZone(id, now(), 'not looked at yet'));
  const planned = zones.size === 0 ? [] : (plan.dns?.healthChecks ?? []);
  for (const { id } of planned) checks.set(id, unseenCheck(id, now(), 'not looked at yet'));

  const readZone = async (zone: string): Promise<void> => {
    if (resting()) return;
    const failure = channels.zone(zone) === null ? await openZone(ports, channels, zone) : null;
    const channel = channels.zone(zone);
    if (channel === null) {
      const why = failure?.refused.message ?? 'no channel is open';
      zones.set(zone, unseenZone(zone, now(), why));
      return;
    }
    const facts = await channel.facts(askLimitMs);
    const sets = facts.kind === 'ok' ? await work.during(channel.list(listLimitMs)) : facts;
    const { account, credentialsEndAt } = channel;
    zones.set(zone, {
      ...unseenZone(zone, now(), 'not looked at'),
      runway: runwaySeen(zone),
      access:
        facts.kind === 'ok'
          ? known({ account, credentialsEndAt }, now(), `credentials of zone ${zone}`)
          : unknown(facts.message, now(), zone),
      facts: observed(facts, `zone ${zone}`),
      sets: observed(sets, `record sets of zone ${zone}`),
    });
    // Somebody may have logged in anew: what was opened with the old credentials stays without rights.
    if (facts.kind === 'refused' && facts.refusal === 'credentials') await openZone(ports, channels, zone);
  };

  const runwaySeen = (zone: string): ZoneSeen['runway'] => {
    const kept = around.lowering?.(zone) ?? ok(null);
    if (!kept.ok) return unknown(kept.error, now(), zone);
    if (kept.value === null) return unknown('no lowering of its TTLs was kept', now(), zone);
    const marginMs = plan.dns?.runway.marginMs ?? 0;
    return known(runwayOf(kept.value, marginMs), now(), `what was kept of the lowering of zone ${zone}`);
  };

  /** A health check belongs to an account: the channel of a zone whose records name it may ask. */
  const channelOf = (check: string): ZoneChannel | null => {
    const zone = plan.dns === undefined ? null : zoneOfCheck(plan.dns, check);
    return zone === null ? null : channels.zone(zone);
  };
  const readCheck = async (id: string, healthCheckId: string): Promise<void> => {
    if (resting()) return;
    const asked = channelOf(id);
    const looks = checks.get(id)?.looks ?? [];
    if (asked === null) {
      const unseen = unseenCheck(id, now(), 'no channel to Route 53 is open');
      checks.set(id, { ...unseen, looks: keepLook(looks, { at: now(), regions: [] }) });
      return;
    }
    const facts = await asked.healthCheck(healthCheckId, askLimitMs);
    const votes = await asked.healthVotes(healthCheckId, askLimitMs);
    const healthy = votes.kind === 'ok' && allHealthy(votes.value);
    checks.set(id, {
      check: id,
      facts: observed(facts, `health check ${id}`),
      votes: observed(votes, `votes of health check ${id}`),
      healthySince: healthy ? (checks.get(id)?.healthySince ?? votes.takenAt) : null,
      looks: keepLook(looks, {
        at: votes.takenAt,
        regions: votes.kind === 'ok' ? votesByRegion(votes.value) : [],
      }),
    });
  };

  const zoneLoops = [...zones.keys()].map((zone) =>
    startLoop(ports.clock, {
      periodMs: zonePeriodMs,
      turn: () => readZone(zone),
      failed: (error) => failed(`looking at zone ${zone}`, error),
    }),
  );
  const periodMs = Math.max(checkPeriodMs, (planned.length * 1_000) / mostChecksPerSecond);
  const checkLoops = planned.flatMap(({ id, healthCheckId }, index) =>
    healthCheckId === undefined
      ? []
      : [
          startLoop(ports.clock, {
            periodMs,
            shiftMs: (index * periodMs) / planned.length,
            turn: () => readCheck(id, healthCheckId),
            failed: (error) => failed(`looking at health check ${id}`, error),
          }),
        ],
  );

  return {
    part: () =>
      zones.size === 0
        ? {}
        : {
            dns: {
              zones: Object.fromEntries(zones),
              checks: Object.fromEntries(checks),
              ...(around.tried?.() ?? { proofs: {}, trials: {} }),
            },
          },
    refresh: async () => {
      await Promise.all(zoneLoops.map((loop) => loop.now()));
      await Promise.all(checkLoops.map((loop) => loop.now()));
    },
    stop: () => {
      for (const loop of [...zoneLoops, ...checkLoops]) loop.stop();
    },
  };
}

function unseenZone(zone: string, at: number, why: string): ZoneSeen {
  const none = unknown(why, at, zone);
  return { zone, access: none, facts: none, sets: none, runway: none };
}

function unseenCheck(check: string, at: number, why: string): HealthSeen {
  const none = unknown(why, at, check);
  return { check, facts: none, votes: none, healthySince: null, looks: [] };
}
