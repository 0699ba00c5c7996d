import { factsAsPlanned } from '../../shared/observations/health-check.ts';
import { answerOfZone } from '../../shared/observations/zone-choice.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { HealthCheckFacts, HealthVote, ZoneChange } from '../../shared/sessions/zone-answers.ts';
import { applyBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { ZoneChannel } from '../ports.ts';
import type { AwsReply } from './aws-call.ts';
import type { World } from './world.ts';
import {
  nameServers,
  regionOfUsers,
  setsInForce,
  simulatedCheckId,
  type ZoneAsk,
  type ZoneWorld,
} from './zone-world.ts';

/** What Route 53 makes of a call. */
export type ZoneReply<T> = Exclude<AwsReply<T>, null>;

/** Carries a call there and its reply back. */
type Call = <T>(ask: ZoneAsk, limitMs: number, work: () => ZoneReply<T>) => Promise<Answer<T>>;

/** Checker regions of the simulated health checks, and how often they look. */
const checkerRegions = ['us-east-1', 'us-west-2', 'eu-west-1'] as const;

/** How long a change takes until every authoritative server has it, ms: Route 53 says mostly under 60 s. */
const shortestSyncMs = 3_000;
const longestSyncMs = 40_000;

/** What one zone's channel answers. */
export function answersOf(
  world: World,
  zone: ZoneWorld,
  call: Call,
): Omit<ZoneChannel, 'zone' | 'account' | 'credentialsEndAt' | 'close'> {
  return {
    facts: (limitMs) =>
      call('facts', limitMs, () => ({
        value: {
          hostedZoneId: zone.hostedZoneId,
          name: zone.name,
          view: zone.view,
          nameServers: zone.view === 'public' ? nameServers : [],
          recordSetCount: zone.sets.length,
        },
      })),
    list: (limitMs) => call('list', limitMs, () => ({ value: zone.sets })),
    listNames: (names, limitMs) =>
      call('listNames', limitMs, () => ({ value: zone.sets.filter(({ name }) => names.includes(name)) })),
    change: (batch, comment, limitMs) =>
      call('change', limitMs, () => changeZone(world, zone, { batch, comment })),
    changeState: (changeId, limitMs) => call('changeState', limitMs, () => stateOf(world, zone, changeId)),
    testAnswer: ({ name, type, clientSubnet }, limitMs) =>
      call('other', limitMs, () => ({
        value: answered(world, zone, { name, type, clientSubnet }),
      })),
    healthCheck: (healthCheckId, limitMs) =>
      call('other', limitMs, () => ({ value: checkOf(world, healthCheckId) })),
    healthVotes: (healthCheckId, limitMs) =>
      call('other', limitMs, () => ({ value: votesOf(world, healthCheckId) })),
    createHealthCheck: (planned, _callerReference, limitMs) =>
      call('other', limitMs, () => ({ value: factsAsPlanned(planned, `simulated-${planned.id}`) })),
  };
}

/** All of a batch or nothing: the same rule as before the hold. Whoever changes the zone by hand comes this way too. */
export function changeZone(
  world: World,
  zone: ZoneWorld,
  { batch, comment }: { readonly batch: ChangeBatch; readonly comment: string },
): ZoneReply<ZoneChange> {
  const applied = applyBatch({ name: zone.name, sets: zone.sets }, batch);
  if (!applied.ok) return { refusal: 'rejected', message: `InvalidChangeBatch: ${applied.error.join('; ')}` };
  const at = world.clock.nowMs();
  zone.sets = applied.value;
  const changeId = `C${zone.accepted.length + 1}${zone.hostedZoneId}`;
  zone.accepted.push({
    changeId,
    at,
    insyncAt: at + world.dnsRandom.between(shortestSyncMs, longestSyncMs),
    batch,
    comment,
    sets: applied.value,
  });
  return stateOf(world, zone, changeId);
}

function stateOf(world: World, zone: ZoneWorld, changeId: string): ZoneReply<ZoneChange> {
  const change = zone.accepted.find((each) => each.changeId === changeId);
  if (change === undefined)
    return { refusal: 'no-such-change', message: `NoSuchChange: there is no change ${changeId}` };
  const { clock } = world;
  return {
    value: {
      changeId,
      state: clock.nowMs() >= change.insyncAt ? 'INSYNC' : 'PENDING',
      submittedAt: Math.floor(clock.utcMs() - clock.nowMs() + change.at),
    },
  };
}

/** As Route 53 would answer: by latency to where that network's users are, by the plan. Weights stay out. */
function answered(
  world: World,
  zone: ZoneWorld,
  { name, type, clientSubnet }: Parameters<ZoneChannel['testAnswer']>[0],
): { readonly rcode: string; readonly values: readonly string[] } {
  const region = world.plan.dns === undefined ? null : regionOfUsers(world.plan.dns, clientSubnet);
  const held = { name: zone.name, sets: setsInForce(zone, world.clock.nowMs()), serial: 0 };
  const { isHealthy } = world.flips;
  const { rcode, answers } = answerOfZone(held, { name, type }, { region, isHealthy, draw: 0 });
  return { rcode, values: answers.filter((record) => record.name === name).map(({ data }) => data) };
}

function checkOf({ plan: { dns } }: World, healthCheckId: string): HealthCheckFacts | null {
  const planned = dns?.healthChecks.find(({ id }) => simulatedCheckId(dns, id) === healthCheckId);
  return planned === undefined ? null : factsAsPlanned(planned, healthCheckId, dns?.flip);
}

function votesOf(world: World, healthCheckId: string): readonly HealthVote[] {
  const healthy = !world.unhealthyChecks.has(healthCheckId) && world.flips.isHealthy(healthCheckId);
  return checkerRegions.map((region, place) => ({
    region,
    checker: `15.177.${place}.1`,
    checkedAt: Math.floor(world.clock.utcMs()),
    healthy,
    status: healthy ? 'Success: HTTP Status Code 200, OK' : 'Failure: Connection timed out',
  }));
}
