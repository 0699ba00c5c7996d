import { describe, expect, test } from 'vitest';
import { matrixOf } from '../../../shared/observations/dns-matrix.ts';
import { answeringRecords } from '../../../shared/plan/answering.ts';
import { judgeFlip } from '../../../shared/plan/judge-flip.ts';
import { dnsSchema, type PlannedDns } from '../../../shared/plan/plan-dns.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import { planesOf } from '../../../shared/steps/flip-planes.ts';
import { flipDns, flipFiles, flipPlan } from '../../helpers/flip-plan.ts';

const dnsWith = (change: Partial<ReturnType<typeof flipDns>> = {}): PlannedDns =>
  dnsSchema.parse({ ...flipDns(), ...change });
const said = (change: Partial<ReturnType<typeof flipDns>>): readonly string[] =>
  judgeFlip({ ...flipPlan(), dns: dnsWith(change) }).map(({ message }) => message);
const setsOf = (dns: PlannedDns, at: Parameters<typeof answeringRecords>[2]): readonly unknown[] =>
  answeringRecords(dns, dns.records, at).map(({ setIdentifier }) => setIdentifier);

describe('which record sets answer', () => {
  test('the primary while its file stands, the secondary once it is gone', () => {
    const dns = dnsWith();
    expect(setsOf(dns, { sets: 'before', files: 'source' })).toEqual(['source']);
    expect(setsOf(dns, { sets: 'before', files: 'target' })).toEqual(['target']);
    expect(setsOf(dns, { sets: 'after', files: 'target' })).toEqual(['target']);
  });

  test('where none is healthy all count as healthy; a weight of 0 answers only alone', () => {
    const { flip } = flipDns();
    const both = dnsWith({
      flip: {
        ...flip,
        files: (flip?.files ?? []).map((file) => ({ ...file, standsFor: 'target' as const })),
      },
    });
    expect(setsOf(both, { sets: 'before', files: 'source' })).toEqual(['source']);
    const side = (weight: number) => ({ ttlSeconds: 60, values: ['192.0.2.1'], weight });
    const common = { zone: 'shop', name: 'w.shop.example', type: 'A' as const };
    const weighted = dnsWith({
      records: [
        { ...common, setIdentifier: 'one', before: side(1), after: 'absent' },
        { ...common, setIdentifier: 'none', before: side(0), after: side(0) },
      ],
    });
    expect(setsOf(weighted, { sets: 'before', files: 'source' })).toEqual(['one']);
    expect(setsOf(weighted, { sets: 'after', files: 'target' })).toEqual(['none']);
  });

  test('the readout expects of each side what its health checks choose, though both stand in the zone', () => {
    const [row] = matrixOf(dnsWith(), [], () => []);
    expect(row?.asked.expected.map(({ side, values }) => [side, values])).toEqual([
      ['source', ['192.0.2.10']],
      ['target', ['198.51.100.10']],
    ]);
  });
});

describe('a flip is refused', () => {
  const { flip, healthChecks, records } = flipDns();
  const files = flip?.files ?? [];
  const [source, target] = files;
  if (source === undefined || target === undefined) throw new Error('two files');

  test('and the one of the reference case is not', () => {
    expect(said({})).toEqual([]);
  });
  test.each([
    [
      'by routing controls that it does not name',
      { by: 'routing-controls' as const, files },
      'expected flip.cluster',
    ],
    ['by files that it does not name', { files: [] }, 'expected flip.files'],
    ['on a host that is not there', { files: [{ ...source, host: 'nowhere' }, target] }, 'no host "nowhere"'],
    ['with one file twice', { files: [source, target, target] }, 'is named twice'],
    [
      'with a check that is not there',
      { files: [source, { ...target, healthCheck: 'none' }] },
      'no health check "none"',
    ],
    [
      'with files of one check for both sides',
      { files: [source, { ...target, healthCheck: 'source' }] },
      'stand for both sides',
    ],
  ] as const)('%s', (_, change, message) => {
    expect(said({ flip: { ...change, files: [...change.files] } }).join()).toContain(message);
  });
  test('where nobody can tell how long it takes', () => {
    const checks = (healthChecks ?? []).map((check) =>
      check.id === 'target' ? { id: 'target', healthCheckId: 'c', type: 'EXISTING' as const } : check,
    );
    expect(said({ healthChecks: checks }).join()).toContain('interval and threshold');
  });
  test('where it would turn nothing, unless the change batch is sent as well', () => {
    const alone = (records ?? []).map((record) => ({
      ...record,
      before: record.setIdentifier === 'target' ? ('absent' as const) : record.before,
    }));
    expect(said({ records: alone }).join()).toContain(
      'the flip leaves www.shop.example A at 192.0.2.10, as it is today, expected 198.51.100.10',
    );
    const also = said({ records: alone, flip: { files: [...files], batch: 'also' } });
    expect(also).toEqual([expect.stringContaining('no record set of before has health check target')]);
  });
});

test('which plane each way uses, and how long it takes', () => {
  expect(planesOf(dnsWith()).map(({ step, plane, by, seconds }) => [step, plane, by, seconds])).toEqual([
    ['flip', 'data plane', 'the run', 80],
    ['announce', 'control plane', 'a person', 120],
  ]);
  expect(planesOf(dnsWith())[0]?.says).toContain('10 s × 2 + 60 s TTL = 80 s');
  const { flip: _flip, ...without } = flipDns();
  expect(planesOf(dnsSchema.parse(without)).map(({ step, by }) => [step, by])).toEqual([
    ['announce', 'the run'],
  ]);
});

describe('the way back', () => {
  const turned = (setsChanged: boolean) => {
    const result = reversedPlan(flipPlan(), { schedulersOff: [], setsChanged });
    if (!result.ok) throw new Error(result.error.join());
    return result.value.plan.dns;
  };
  test('turns the files, and leaves a zone alone that the way forth left alone', () => {
    const dns = turned(false);
    expect(dns?.flip?.files.map(({ host, standsFor }) => [host, standsFor])).toEqual([
      [flipFiles.source.host, 'target'],
      [flipFiles.target.host, 'source'],
    ]);
    expect(dns?.flip?.batch).toBe('plan-b');
    expect(dns?.records.every(({ before, after }) => JSON.stringify(before) === JSON.stringify(after))).toBe(
      true,
    );
  });
  test('writes back what the change batch wrote, and turns the files as well', () => {
    const dns = turned(true);
    expect(dns?.flip?.batch).toBe('also');
    expect(dns?.records[0]?.before).toMatchObject({ failover: 'SECONDARY', values: ['192.0.2.10'] });
    expect(dns?.records[0]?.after).toMatchObject({ failover: 'PRIMARY', values: ['192.0.2.10'] });
  });
});
