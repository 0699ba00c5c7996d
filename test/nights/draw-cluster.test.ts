import { expect, test } from 'vitest';
import { isAtHosts } from './changed-hosts.ts';
import { cellOf } from './cells.ts';
import { clusterKinds } from './draw-cluster.ts';
import { drawNight } from './draw-night.ts';
import { judgePlan } from '../../shared/plan/judge-plan.ts';
import type { NightScript } from './night-script.ts';

const seeds = Array.from({ length: 600 }, (_, index) => index + 1);
const nights = seeds.map((seed) => drawNight(seed));

function atCluster({ happenings, back }: NightScript): readonly string[] {
  return [...happenings, ...(back?.happenings ?? [])].flatMap((each) =>
    each.kind === 'fault' && clusterKinds.some((kind) => kind === each.fault.fault.kind)
      ? [each.fault.fault.kind]
      : [],
  );
}

test('about one flip in three is by routing controls, and their plans are sound', () => {
  const flips = nights.flatMap(({ plan }) => (plan.dns?.flip === undefined ? [] : [plan]));
  const byControls = flips.filter(({ dns }) => dns?.flip?.by === 'routing-controls');
  expect(byControls.length / flips.length).toBeGreaterThan(1 / 6);
  expect(byControls.length / flips.length).toBeLessThan(1 / 2);
  const sizes = byControls.map(({ dns }) => dns?.flip?.cluster);
  expect(new Set(sizes.map((cluster) => cluster?.endpoints.length))).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(new Set(sizes.map((cluster) => cluster?.controls.length))).toEqual(new Set([2, 4]));
  for (const plan of byControls) expect(judgePlan(plan).filter(({ path }) => path[0] === 'dns')).toEqual([]);
});

test('a night that aims at a host of the flip has one by files', () => {
  const aimed = nights.filter(({ seed, happenings }) => {
    const cell = cellOf(seed);
    // A run that another laptop takes over is aimed at nothing.
    const isTakenOver = happenings.some(({ kind }) => kind === 'sleep');
    return cell?.step === 'flip' && isAtHosts(cell.way) && !isTakenOver;
  });
  expect(aimed.length).toBeGreaterThan(20);
  expect(aimed.filter(({ plan }) => plan.dns?.flip?.by !== 'files').map(({ seed }) => seed)).toEqual([]);
});

test('faults of the cluster are drawn for nights with one alone; where only they are allowed, for every night', () => {
  const [withCluster, without] = [true, false].map((has) =>
    nights.filter(({ plan }) => (plan.dns?.flip?.cluster !== undefined) === has),
  );
  expect(without?.flatMap(atCluster)).toEqual([]);
  expect(new Set(withCluster?.flatMap(atCluster))).toEqual(new Set(clusterKinds));
  for (const seed of seeds.slice(0, 40))
    expect(new Set(atCluster(drawNight(seed, 'safety', ['cluster-rule'])))).toEqual(
      new Set(['cluster-rule']),
    );
});

test('where nothing must go wrong for good, one of them is drawn at most, and it heals', () => {
  for (const seed of seeds) {
    const night = drawNight(seed, 'liveness');
    if (atCluster(night).length === 0) continue;
    const faults = night.happenings.flatMap((each) => (each.kind === 'fault' ? [each.fault.fault] : []));
    expect(faults).toHaveLength(1);
    for (const fault of faults) expect('forMs' in fault ? fault.forMs : 0).not.toBeNull();
  }
});
