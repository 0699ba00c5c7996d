import { expect, test } from 'vitest';
import {
  judgeStanding,
  locksText,
  seeLocks,
  standingText,
  takeoverSteps,
} from '../../../shared/audit/other-cockpit.ts';
import { known, unknown } from '../../../shared/observations/observation.ts';
import type { Snapshot } from '../../../shared/observations/snapshot.ts';
import { emptyRun } from '../../../shared/steps/decide.ts';
import { planNodes } from '../../../shared/steps/need.ts';
import { mirrorRunsArgv, parseMirrorRuns } from '../../../shared/steps/mirror-runs.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';

const plan = referencePlan();
const [first = '', second = '', third = '', ...rest] = planNodes(plan);
const moment = { utcMs: 1_000, monoMs: 0 };
const running: Run = { ...emptyRun('r-1', plan, moment), phase: 'running', heldAt: null };

/** Only the holder counts here: the rest of what a server says is left out. */
function seen(holders: Readonly<Record<string, number | null | 'unknown'>>): Pick<Snapshot, 'instances'> {
  const facts = planNodes(plan).map((node) => {
    const holder = holders[node] ?? null;
    const fast =
      holder === 'unknown' ? unknown('no answer', 0, node) : known({ lockHolder: holder }, 0, 'a test');
    return [node, { instance: node, fast }];
  });
  return { instances: Object.fromEntries(facts) as Snapshot['instances'] };
}

test('each lock is the run’s, this cockpit’s, somebody else’s, nobody’s, or not known', () => {
  const run: Run = { ...running, threads: { [first]: { act: 7 }, [second]: { act: 8 } } };
  const locks = seeLocks(plan, seen({ [first]: 7, [second]: 9, [third]: 'unknown' }), { own: {}, run });
  expect(locks).toEqual({ held: [first], strange: [second], free: rest, unseen: [third] });
  expect(locksText(locks)).toBe(
    `held by its sessions on 1 of ${rest.length + 3} servers; held by somebody else on ${second}; not known on ${third}`,
  );
  const own = { [first]: { act: 7 } };
  expect(seeLocks(plan, seen({ [first]: 7 }), { own, run: null }).held).toEqual([]);
  expect(seeLocks(plan, seen({ [first]: 8 }), { own, run: null }).held).toEqual([first]);
});

test('it is judged by its locks, not by its silence', () => {
  const held = { held: [first], strange: [], free: [], unseen: [] };
  const none = { held: [], strange: [], free: [first], unseen: [] };
  expect(judgeStanding(running, held, 9_000)).toBe('driving');
  expect(judgeStanding(running, held, 11_000)).toBe('silent');
  expect(judgeStanding({ ...running, heldAt: 'fence' }, held, 11_000)).toBe('driving');
  expect(judgeStanding({ ...running, phase: 'watching' }, held, 9_000_000)).toBe('driving');
  expect(judgeStanding(running, none, 0)).toBe('gone');
  expect(judgeStanding(running, { ...none, unseen: [second] }, 0)).toBe('not-known');
  expect(judgeStanding({ ...running, phase: 'held' }, none, 0)).toBe('not-known');
  expect(judgeStanding({ ...running, phase: 'ended', outcome: 'thawed' }, held, 0)).toBe('over');
  expect(judgeStanding({ ...running, phase: 'ended', outcome: 'needs-operator' }, held, 0)).toBe('driving');
  for (const standing of ['driving', 'silent'] as const)
    expect(standingText(standing, running)).toContain(
      'A laptop that sleeps keeps its locks until its sessions are ended',
    );
});

test('what a takeover will do with the run is said by where it stands', () => {
  const last = (run: Run): string => takeoverSteps(run, 'a-host').at(-1) ?? '';
  expect(last({ ...running, phase: 'held' })).toContain('never released');
  expect(last(running)).toContain('takes everything back');
  expect(last({ ...running, ponrAt: moment })).toContain('goes forward');
  expect(last({ ...running, ponrAt: moment, phase: 'watching' })).toContain('watches');
});

test('runs that a mirror’s host names are ids, the newest first, and nothing else', () => {
  expect(mirrorRunsArgv('~/a dir').at(-1)).toBe('~/a dir');
  expect(parseMirrorRuns('1772 2026-03-01-01-ab2d\n1771 ../x\nnoise\n 1 a\n1700 r-0\n')).toEqual([
    '2026-03-01-01-ab2d',
    'r-0',
  ]);
});
