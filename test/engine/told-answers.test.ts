import { expect, test } from 'vitest';
import { startDnsWatch } from '../../main/engine/dns-watch.ts';
import type { ZoneChannel } from '../../main/ports.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { dnsView } from '../../main/api/dns-view.ts';
import { hostRows } from '../../shared/observations/watched-rows.ts';
import { judgePlan } from '../../shared/plan/judge-plan.ts';
import { referenceWith } from '../helpers/reference-plan.ts';

const plan = referenceWith((of) => ({
  ...of,
  ...(of.dns === undefined
    ? {}
    : { dns: { ...of.dns, offices: [{ id: 'berlin', host: 'use1-jump', region: 'us-west-2' }] } }),
}));

async function watching(isOpen = true, mode: 'minute' | 'calm' = 'calm') {
  const { dns } = plan;
  if (dns === undefined) throw new Error('the reference plan names no DNS');
  const simulator = createSimulator(plan);
  const { clock } = simulator;
  let channel: ZoneChannel | null = null;
  void simulator.ports.route53.open('shop', 5_000).then((opened) => {
    if (opened.kind === 'open' && isOpen) channel = opened.channel;
  });
  await clock.run(clock.nowMs() + 5_000);
  const failures: string[] = [];
  const watch = startDnsWatch({
    plan,
    dns,
    ports: simulator.ports,
    mode: () => mode,
    zone: () => channel,
    failed: (what) => failures.push(what),
  });
  return {
    simulator,
    failures,
    view: () => dnsView(dns, watch.readout()),
    run: (ms: number) => clock.run(clock.nowMs() + ms),
    stop: watch.stop,
  };
}

test('Route 53 itself says what it would answer to each group of users, beside the plan', async () => {
  const { view, run, stop, failures } = await watching();
  await run(12_000);
  const { told, rows } = view();
  await stop();
  expect(
    told.map(({ users, side, values, expectedSource, expectedTarget }) => [
      users,
      side,
      values,
      expectedSource,
      expectedTarget,
    ]),
  ).toEqual([
    ['east-coast', 'source', ['192.0.2.10'], ['192.0.2.10'], ['198.51.100.10']],
    ['west-coast', 'source', ['192.0.2.20'], ['192.0.2.20'], ['203.0.113.10']],
  ]);
  expect(rows.some(({ server }) => server.includes('itself'))).toBe(false);
  expect(failures).toEqual([]);
});

test('it is not asked in the minute, nor where no channel is open', async () => {
  const open = await watching(true, 'minute');
  await open.run(12_000);
  expect(open.view().told).toEqual([]);
  await open.stop();
  const shut = await watching(false);
  await shut.run(12_000);
  expect(shut.view().told).toEqual([]);
  await shut.stop();
});

test('an answer that cannot be had is said, and is no answer of either side', async () => {
  const { simulator, view, run, stop } = await watching();
  for (const zone of simulator.world.hostedZones.values()) zone.credentialsOverAt = simulator.clock.nowMs();
  await run(12_000);
  const { told } = view();
  await stop();
  expect(new Set(told.map(({ side }) => side))).toEqual(new Set(['error']));
  expect(told[0]?.why).toContain('Route 53 did not say');
});

test('an office is asked as an application host is, for its own region, and shown as an office', async () => {
  const { view, run, stop } = await watching();
  await run(15_000);
  const offices = view().rows.filter(({ kind }) => kind === 'office');
  await stop();
  expect(offices.map(({ server, region }) => [server, region])).toEqual([['use1-jump', 'us-west-2']]);
  expect(view().rows.filter(({ kind }) => kind === 'host')).toHaveLength(4);
});

test('an office on an application host, or on one without SSH, is refused', () => {
  const { dns } = plan;
  if (dns === undefined) throw new Error('the reference plan names no DNS');
  const wrong = (host: string) =>
    judgePlan({ ...plan, dns: { ...dns, offices: [{ id: 'berlin', host }] } }).map(({ message }) => message);
  expect(wrong('app-a1')).toEqual([expect.stringContaining('is an application host, expected another one')]);
  expect(wrong('nowhere')).toEqual([expect.stringContaining('no host "nowhere"')]);
  expect(hostRows(plan, { ...dns, offices: [] }, () => [])).toHaveLength(4);
});
