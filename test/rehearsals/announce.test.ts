import { describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { present } from '../../shared/lib/assert.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { Fault, ScriptedFault } from '../../shared/plan/scenario.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Cockpit } from '../../main/engine/cockpit.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { thereAndBack } from '../helpers/reversed-night.ts';
import { rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const before = ['192.0.2.10', '192.0.2.20'];
const after = ['198.51.100.10', '203.0.113.10'];
/** Arming proves that the zone may be changed. */
const asItStands = 'cutover cockpit: one record set written as it stands';

function zoneOf({ world }: Simulator) {
  return present(world.hostedZones.get('shop'), 'the zone of the reference case');
}

function planned(sets: readonly RecordSet[]): readonly string[] {
  return sets
    .flatMap(({ name, content }) =>
      name === 'www.shop.example' && content.kind === 'values' ? content.values : [],
    )
    .toSorted();
}

const inAnnounce = (fault: Fault): ScriptedFault => ({ when: { step: 'announce', state: 'running' }, fault });

type Press = { readonly overwrite: boolean; readonly first?: (simulator: Simulator) => void };

/** A night with that trouble in *announce*, and a person who presses as often as the list is long. */
async function nightWith(faults: readonly Fault[], presses: readonly Press[] = []): Promise<Rehearsed> {
  const at: { cockpit?: Cockpit; simulator?: Simulator } = {};
  let pressed = 0;
  let waits = false;
  let ended: unknown = null;
  const press = (run: Run): void => {
    const { cockpit, simulator } = at;
    const next = presses[pressed];
    if (waits || next === undefined || run.outcome !== 'needs-operator') return;
    if (cockpit === undefined || simulator === undefined) return;
    pressed += 1;
    waits = true;
    simulator.ports.clock.after(2_000, () => {
      next.first?.(simulator);
      const overwrite = next.overwrite ? changedZones(run).map(({ zone }) => zone) : [];
      void cockpit
        .night()
        ?.retry({ step: 'announce', overwrite, who: 'Dana' })
        .then(() => {
          waits = false;
          const now = cockpit.night()?.run();
          if (now !== undefined && now !== null) press(now);
        });
    });
  };
  return rehearse({
    faults: faults.map(inAnnounce),
    preflight: (cockpit, simulator) => Object.assign(at, { cockpit, simulator }),
    operator: press,
    until: (run, measured) => {
      if (run?.outcome !== 'done') {
        ended = measured;
        return presses.length === 0 && measured !== null;
      }
      return measured !== null && measured !== ended;
    },
  });
}

/** The rules that hold for DNS whatever happens. */
function expectLawful({ run, simulator, records, violations }: Rehearsed): void {
  expect(violations).toEqual([]);
  const ponrMs = present(run?.ponrAt, 'the point of no return').monoMs;
  const ours = zoneOf(simulator).accepted.filter(({ comment }) => comment.startsWith('cutover rehearsal'));
  for (const { at } of ours) expect(at).toBeGreaterThan(ponrMs);
  expect(ours.length).toBeLessThanOrEqual(1);
  expect(foldRun(records)).toMatchObject({ ok: true });
}

describe('announce in a whole night', () => {
  test('a quiet night changes the zone once, while the hosts are redirected', async () => {
    const night = await nightWith([]);
    expect(night.run?.outcome).toBe('done');
    expect(night.run?.steps['announce']).toMatchObject({ state: 'done' });
    expectLawful(night);
    expect(planned(zoneOf(night.simulator).sets)).toEqual(after);
    expect(zoneOf(night.simulator).accepted.map(({ comment }) => comment)).toEqual([
      asItStands,
      'cutover rehearsal-01',
    ]);
    const [redirect, announce] = ['redirect', 'announce'].map((key) => night.run?.steps[key]?.startedAt);
    expect(announce).toEqual(redirect);
  });

  test.each([
    ['throttled for 20 s', { kind: 'zone-reply', ask: 'change', way: 'throttled', times: 1, forMs: 20_000 }],
    [
      'an earlier request not complete',
      { kind: 'zone-reply', ask: 'change', way: 'prior-request', times: 3 },
    ],
    [
      'reply lost after acceptance',
      { kind: 'zone-reply', ask: 'change', way: 'lost-after-effect', times: 1 },
    ],
    [
      'an error after which nothing is known',
      { kind: 'zone-reply', ask: 'changeState', way: 'error', times: 3 },
    ],
  ] as const)('%s: the run gets through by itself', async (_, fault) => {
    const night = await nightWith([fault]);
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
    expect(planned(zoneOf(night.simulator).sets)).toEqual(after);
  });

  test.each([
    [
      'lost before it arrived',
      { kind: 'zone-reply', ask: 'change', way: 'lost', times: 1 },
      'has not happened',
    ],
    ['an error', { kind: 'zone-reply', ask: 'change', way: 'error', times: 1 }, 'has not happened'],
    ['credentials that expired', { kind: 'credentials-expired' }, 'Log in again'],
  ] as const)('%s: nothing is sent again until a person presses', async (_, fault, says) => {
    const alone = await nightWith([fault]);
    expect(alone.run?.outcome).toBe('needs-operator');
    expect(alone.run?.steps['announce']?.text).toContain(says);
    expect(zoneOf(alone.simulator).accepted.map(({ comment }) => comment)).toEqual([asItStands]);
    const pressed = await nightWith([fault], [{ overwrite: false }]);
    expect(pressed.run?.outcome).toBe('done');
    expectLawful(pressed);
    expect(planned(zoneOf(pressed.simulator).sets)).toEqual(after);
  });

  test('a control plane that is gone is said; when it is back, one press ends the night', async () => {
    const night = await nightWith(
      [{ kind: 'zone-unreachable', forMs: null }],
      [{ overwrite: false, first: (simulator) => void (zoneOf(simulator).reachable = true) }],
    );
    expect(night.run?.outcome).toBe('done');
    expectLawful(night);
  });

  test('a zone that somebody changed is shown and left; a person may overwrite it', async () => {
    const fault = { kind: 'zone-changed', how: 'other-value' } as const;
    const alone = await nightWith([fault]);
    expect(alone.run?.outcome).toBe('needs-operator');
    expect(alone.run?.steps['announce']?.text).toContain('values is 192.0.2.99, expected 192.0.2.10');
    expect(planned(zoneOf(alone.simulator).sets)).toEqual(['192.0.2.20', '192.0.2.99']);
    const pressed = await nightWith([fault], [{ overwrite: true }]);
    expect(pressed.run?.outcome).toBe('done');
    expectLawful(pressed);
    expect(planned(zoneOf(pressed.simulator).sets)).toEqual(after);
  });

  test('a zone that is not what the plan calls before keeps the run from being released', async () => {
    const night = await rehearse({
      faults: [{ when: { atMs: 1_000 }, fault: { kind: 'zone-changed', how: 'other-value' } }],
    });
    expect(night.run).toBeNull();
    expect(night.blocks.join(' ')).toContain('dns.before:shop is closed');
    expect(zoneOf(night.simulator).accepted.filter(({ comment }) => comment !== 'by hand')).toEqual([]);
  });

  test('the way back announces the source again, once', async () => {
    const there = await thereAndBack();
    expect(there.run?.outcome).toBe('done');
    const zone = zoneOf(there.simulator);
    expect(zone.accepted.filter(({ comment }) => comment !== asItStands)).toHaveLength(2);
    expect(planned(zone.sets)).toEqual(before);
  });
});
