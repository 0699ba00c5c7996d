import { expect, test } from 'vitest';
import { startDnsWatch, type DnsReadout } from '../../main/engine/dns-watch.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { plannedChanges } from '../../shared/plan/planned-sets.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

const plan = referencePlan();

function watching(mode: () => 'minute' | 'turning' | 'calm' = () => 'turning') {
  const { dns } = plan;
  if (dns === undefined) throw new Error('the reference plan names no DNS');
  const simulator = createSimulator(plan);
  const failures: string[] = [];
  const watch = startDnsWatch({
    plan,
    dns,
    ports: simulator.ports,
    mode,
    failed: (what, error) => failures.push(`${what}: ${String(error)}`),
  });
  const { clock, world } = simulator;
  return {
    watch,
    world,
    failures,
    run: (ms: number) => clock.run(clock.nowMs() + ms),
    change: () => {
      const changes = plannedChanges(dns, 'shop', new Map(dns.healthChecks.map(({ id }) => [id, id])));
      if (!changes.ok) throw new Error(changes.error.join());
      const at = clock.nowMs();
      world.hostedZones.get('shop')?.accepted.push({
        changeId: 'C1',
        at,
        insyncAt: at + 2_500,
        batch: { changes: [] },
        comment: 'the change of the plan',
        sets: changes.value.flatMap(({ after }) => (after === null ? [] : [after])),
      });
    },
  };
}

const sidesOf = ({ rows }: DnsReadout, kind: DnsReadout['rows'][number]['kind']) =>
  new Set(rows.filter((row) => row.kind === kind).map(({ seen }) => seen?.last.verdict.side));

test('before the change everybody answers the source, and no end is named', async () => {
  const { watch, run, failures } = watching();
  await run(15_000);
  const readout = watch.readout();
  await watch.stop();
  expect(readout.share).toEqual({ target: 0, source: readout.rows.length, other: 0, error: 0 });
  expect(readout.rows.map(({ kind }) => kind).filter((kind) => kind === 'authoritative')).toHaveLength(8);
  expect(readout.eta.kind).toBe('unknown');
  expect(readout.pace.achievedMs).toBeLessThan(2_200);
  expect(failures).toEqual([]);
});

test('the change is seen at each server, an end is named and kept, and then all have turned', async () => {
  const { watch, run, change } = watching();
  await run(15_000);
  change();
  await run(6_000);
  const turned = watch.readout();
  expect(sidesOf(turned, 'authoritative')).toEqual(new Set(['target']));
  expect(turned.zones[0]?.change).not.toBeNull();
  const { eta } = turned;
  if (eta.kind !== 'until') throw new Error(`expected an end, seen ${eta.kind}`);
  await run(70_000);
  const over = watch.readout();
  await watch.stop();
  const last = over.rows
    .filter(({ kind }) => kind === 'resolver')
    .map(({ seen }) => seen?.turnedAt ?? Infinity);
  expect(sidesOf(over, 'resolver')).toEqual(new Set(['target']));
  // A row is seen turned at the next question after it turned.
  expect(Math.max(...last)).toBeLessThanOrEqual(eta.at + 2_200);
  expect(over.eta).toEqual({ kind: 'done' });
  expect(over.history.length).toBeGreaterThan(10);
});

test('a stale server of the zone keeps the end open, a cache that ignores TTLs is shown as one', async () => {
  const { watch, run, change, world } = watching();
  const east = plan.dns?.resolvers[0]?.address ?? '';
  world.dns.break(east, { way: 'keeps', seconds: 900 });
  await run(15_000);
  world.zones.freeze('shop', 2);
  change();
  await run(10_000);
  expect(watch.readout().zones[0]?.change).toBeNull();
  expect(watch.readout().eta.kind).toBe('unknown');
  await watch.stop();
});

test('a cache that ignores TTLs is named once the longest of them has run out', async () => {
  const { watch, run, change, world } = watching();
  world.dns.break(plan.dns?.resolvers[0]?.address ?? '', { way: 'keeps', seconds: 900 });
  await run(15_000);
  change();
  await run(90_000);
  const { rows } = watch.readout();
  await watch.stop();
  const row = rows.find(({ matrix }) => matrix.server.name === 'public-east');
  expect(row?.seen?.last.verdict.side).toBe('source');
  expect(row?.seen?.ignoresTtl).toContain('still answers the source');
});

test('half the resolvers silent, one server lame, another SERVFAIL: each row says it and the others keep their pace', async () => {
  const { watch, run, world } = watching();
  world.dns.break('198.18.1.1', { way: 'lame' });
  world.dns.break('198.18.1.2', { way: 'servfail' });
  world.dns.break(plan.dns?.resolvers[0]?.address ?? '', { way: 'dead' });
  await run(20_000);
  const readout = watch.readout();
  await watch.stop();
  expect(readout.zones[0]?.servers?.servers.map(({ standing }) => standing)).toEqual([
    'lame',
    'silent',
    'holds',
    'holds',
  ]);
  const kinds = (server: string) =>
    new Set(
      readout.rows
        .filter(({ matrix }) => matrix.server.name === server)
        .map(({ seen }) => seen?.last.verdict.kind),
    );
  expect(kinds('ns1.shop.example')).toEqual(new Set());
  expect(kinds('ns2.shop.example')).toEqual(new Set(['server-error']));
  expect(kinds('public-east')).toEqual(new Set(['no-answer']));
  expect(readout.pace.achievedMs).toBeLessThan(2_300);
});

test('in the minute nothing is run on a host and nothing is looked for; the rows are asked on', async () => {
  let mode: 'minute' | 'turning' = 'turning';
  const { watch, run, change } = watching(() => mode);
  await run(15_000);
  mode = 'minute';
  change();
  await run(30_000);
  const readout = watch.readout();
  await watch.stop();
  expect(sidesOf(readout, 'host')).toEqual(new Set(['source']));
  expect(sidesOf(readout, 'authoritative')).toEqual(new Set(['target']));
});
