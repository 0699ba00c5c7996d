import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '../../main/adapters/cluster.ts';
import { startEmulator, type Emulator } from '../../main/emulator/emulator.ts';
import { accountOfPlan } from '../../main/emulator/from-plan.ts';
import type { ClusterChannel } from '../../main/ports.ts';
import { present } from '../../shared/lib/assert.ts';
import { dnsSchema } from '../../shared/plan/plan-dns.ts';
import { statesFor } from '../../shared/steps/flip-controls.ts';
import { controlsDns, clusterEndpoints, flipControls } from '../helpers/flip-plan.ts';
import { valueOf } from '../helpers/route53-world.ts';

const limitMs = 5_000;
const dns = dnsSchema.parse(controlsDns());
const cluster = present(dns.flip?.cluster, 'a cluster');
const controls = [flipControls.source, flipControls.target];
const before = statesFor(cluster, 'source');
const after = statesFor(cluster, 'target');
const [first, second] = clusterEndpoints.map(({ url }) => url);
if (first === undefined || second === undefined) throw new Error('two endpoints');

let emulator: Emulator;
let channel: ClusterChannel;
beforeEach(async () => {
  emulator = await startEmulator(accountOfPlan(dns, Date.now));
  const apiPort = Number(new URL(emulator.endpoint).port);
  const opened = await createCluster({
    dns: { ...dns, emulator: { apiPort, dnsPort: emulator.dnsPort } },
  }).open(limitMs);
  if (opened.kind === 'refused') throw new Error(opened.message);
  channel = opened.channel;
});
afterEach(async () => {
  await channel.close();
  await emulator.stop();
});
const sets = (): readonly string[] =>
  emulator.heard().flatMap(({ line }) => (line.includes('Update') ? [line] : []));

describe('an ARC cluster by the real SDK over HTTP', () => {
  test('reads and turns its routing controls, all in one request on a connection that was warmed', async () => {
    expect(valueOf(await channel.read(first, controls, limitMs))).toEqual(before);
    const connections = emulator.connections();
    valueOf(await channel.set(first, after, limitMs));
    expect(valueOf(await channel.read(first, controls, limitMs))).toEqual(after);
    expect(emulator.connections()).toBe(connections);
    expect(sets()).toEqual(['ToggleCustomerAPI.UpdateRoutingControlStates at 0 200']);
    // What one endpoint has taken is the cluster's, and the health checks follow it.
    expect(valueOf(await channel.read(second, controls, limitMs))).toEqual(after);
    expect(emulator.aws.isHealthy('check-source')).toBe(false);
    expect(emulator.aws.isHealthy('check-target')).toBe(true);
  });

  test('a safety rule is a refusal in its own words, asked once and without an override', async () => {
    emulator.aws.cluster.faults.rule = 'Safety rule AtLeastOne: at least one of the cells must be On.';
    expect(await channel.set(first, after, limitMs)).toMatchObject({
      kind: 'refused',
      refusal: 'conflict',
      code: 409,
      message: expect.stringContaining('AtLeastOne'),
    });
    expect(sets()).toHaveLength(1);
    expect(valueOf(await channel.read(first, controls, limitMs))).toEqual(before);
  });

  test.each([
    ['throttled', 429],
    ['unavailable', 503],
  ] as const)(
    '%s: nothing has happened, and the adapter goes nowhere else by itself',
    async (fault, code) => {
      emulator.aws.cluster.faults[fault].add(0);
      expect(await channel.set(first, after, limitMs)).toMatchObject({
        kind: 'refused',
        refusal: fault,
        code,
      });
      expect(sets()).toHaveLength(1);
      valueOf(await channel.set(second, after, limitMs));
    },
  );

  test('a lost reply is unknown; another endpoint tells, and nothing is sent again', async () => {
    emulator.aws.cluster.faults.loseReplies = 1;
    expect(await channel.set(first, after, limitMs)).toMatchObject({ kind: 'none', why: 'session-lost' });
    expect(sets()).toHaveLength(1);
    expect(valueOf(await channel.read(second, controls, limitMs))).toEqual(after);
  });

  test('an endpoint that never answers ends at its limit; one that is dead does not take the others along', async () => {
    emulator.aws.cluster.faults.silent.add(0);
    expect(await channel.set(first, after, 150)).toMatchObject({ kind: 'none', why: 'time-limit' });
    emulator.aws.cluster.faults.dead.add(0);
    expect(await channel.read(first, controls, limitMs)).toMatchObject({ kind: 'none' });
    valueOf(await channel.read(second, controls, limitMs));
  });

  test('where nothing listens nothing was sent', async () => {
    await emulator.reachable(false);
    expect(await channel.set(first, after, limitMs)).toMatchObject({ kind: 'none', why: 'not-connected' });
    await emulator.reachable(true);
  });

  test('a control that is not there is named', async () => {
    const wrong = await channel.read(first, [`${flipControls.source}x`], limitMs);
    expect(wrong).toMatchObject({ kind: 'refused', message: expect.stringContaining('5sourcex') });
  });
});
