import { describe, expect, test } from 'vitest';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { rehearse } from '../helpers/rehearsal.ts';
import { twoCockpits, type Overtaken, type TwoCockpits } from '../helpers/two-cockpits.ts';

/** Every n-th record in the ordinary suite; at night all of them, in each of the four ways. */
const every = process.env['NIGHT'] === undefined ? 60 : 1;

/** What must be true wherever a run was taken over from a cockpit that slept and woke. Returns what was not, as sentences. */
function wrong(night: TwoCockpits): readonly string[] {
  const { run, records, refused, first } = night;
  if (!first.slept) return ['the first cockpit did not sleep'];
  if (refused !== null) return [`refused: ${refused}`];
  const passed = records.some(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn);
  const expected = passed ? ['done'] : ['thawed', 'not-started'];
  const broken = [...brokenRules(night)];
  if (!expected.includes(run?.outcome ?? 'none'))
    broken.push(`ended ${run?.outcome}: ${run?.steps['unwind']?.text ?? ''} ${failures(night)}`);
  // What the cockpit before changed in its last moment is found when its sessions are gone, but for a forward link that it
  // had cut: the run names it.
  if (run?.outcome === 'thawed') broken.push(...notRestored(night, detached(night)));
  for (const [chain, open] of Object.entries(night.writable))
    if (open.length === 0) broken.push(`${chain} takes writes nowhere`);
  // One that had changed nothing yet when it was ended has nothing to be refused.
  if (
    first.run?.outcome !== 'ousted' &&
    first.run?.steps['unwind']?.text.trim() !== 'Nothing had been changed.'
  )
    broken.push(`the first cockpit ended ${first.run?.outcome}: ${first.run?.abortReason}`);
  return broken;
}

/** Targets that the run names as following nobody any more. */
function detached({ run, simulator }: TwoCockpits): readonly string[] {
  const text = run?.steps['unwind']?.text ?? '';
  return /no longer follows/.test(text)
    ? [...simulator.world.servers.keys()].filter((id) => text.includes(id) && id.includes('-t'))
    : [];
}

function failures({ run }: TwoCockpits): string {
  return Object.values(run?.steps ?? {})
    .filter(({ state }) => state === 'failed' || state === 'running')
    .map(({ key, state, text }) => `${key} ${state}: ${text}`)
    .join('; ');
}

describe.each(['mariadb', 'mysql'] as const)('two cockpits believe to drive, on %s', (flavor) => {
  test('wherever the first one fell asleep: one of them acts, nothing is lost, and the other says that it was ousted', async () => {
    const quiet = await rehearse({ flavor });
    const last = quiet.records.findLastIndex(({ payload }) => payload.kind === 'event') + 1;
    const point =
      quiet.records.find(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn)?.seq ?? 0;
    const places = new Set([point - 1, point, point + 1, point + 2]);
    // Before the locks are taken nothing has been changed, and the mirror may know nothing of the run yet.
    const first = quiet.records.find(
      ({ payload }) => payload.kind === 'event' && payload.changed.includes('lock done'),
    );
    for (let record = first?.seq ?? 0; record < last; record += every) places.add(record);
    const ways: readonly Pick<Overtaken, 'edge' | 'wakes'>[] = [
      { edge: 'before', wakes: 'at-once' },
      { edge: 'after', wakes: 'afterwards' },
      { edge: 'after', wakes: 'at-once' },
      { edge: 'before', wakes: 'afterwards' },
    ];
    const broken: string[] = [];
    const outcomes = new Set<string>();
    for (const record of [...places].sort((left, right) => left - right)) {
      for (const way of every === 1 || Math.abs(record - point) <= 2 ? ways : ways.slice(0, 2)) {
        const night = await twoCockpits({ flavor, record, ...way });
        outcomes.add(night.run?.outcome ?? 'none');
        broken.push(...wrong(night).map((each) => `${way.edge} ${record}, woken ${way.wakes}: ${each}`));
      }
    }
    expect(broken).toEqual([]);
    expect([...outcomes].sort()).toEqual(['done', 'thawed']);
  }, 3_600_000);
});

test.each([
  ['mariadb', 'orders-t1', 'killThreads'],
  ['mysql', 'orders-a1', 'unpersistFence'],
] as const)(
  'on %s: %s leaves the first %s of a takeover without an answer and is asked by another session: everything is taken back',
  async (flavor, on, operation) => {
    const quiet = await rehearse({ flavor });
    const fenced = quiet.records.find(
      ({ payload }) => payload.kind === 'event' && payload.changed.includes('fence:orders done'),
    )?.seq;
    const night = await twoCockpits({
      flavor,
      record: fenced ?? 0,
      edge: 'after',
      wakes: 'afterwards',
      meanwhile: (simulator) =>
        simulator.script([
          {
            when: { before: 'killThreads', count: 1 },
            fault: { kind: 'reply', on, operation, way: 'none', code: 1105, ms: 0, times: 1 },
          },
        ]),
    });
    expect(wrong(night)).toEqual([]);
    expect(night.run?.outcome).toBe('thawed');
    // The fault was met.
    expect(night.simulator.world.replyFaults.filter(({ times }) => times > 0)).toEqual([]);
    expect(night.simulator.happened.map(({ fault }) => fault.kind)).toContain('reply');
  },
  120_000,
);

describe('a takeover looks before it takes anything', () => {
  /** The night up to a fence, its cockpit awake and driving; `change` happens just before somebody else looks. */
  const refusedAt = async (change: (simulator: Simulator) => void): Promise<TwoCockpits> => {
    const quiet = await rehearse({ flavor: 'mysql' });
    const fenced = quiet.records.find(
      ({ payload }) => payload.kind === 'event' && payload.changed.includes('fence:orders done'),
    )?.seq;
    return twoCockpits({
      flavor: 'mysql',
      record: fenced ?? 0,
      edge: 'after',
      wakes: 'afterwards',
      beforeLook: change,
    });
  };

  test.each([
    [
      'a server that does not answer',
      /orders-t1 did not answer this laptop.* --despite orders-t1$/,
      ({ world }: Simulator): void => {
        const server = world.servers.get('orders-t1');
        if (server !== undefined) server.power = 'paused';
      },
    ],
    [
      'a host that does not answer',
      /did not answer this laptop.*Nothing was taken/,
      ({ world }: Simulator): void => {
        const host = world.hosts.get([...world.appHosts.keys()][0] ?? '');
        if (host !== undefined) host.reachable = false;
      },
    ],
    [
      'a target that somebody opened',
      /orders-t1 takes writes, but this journal knows of no promotion.*Nothing was taken/,
      ({ world }: Simulator): void => {
        const server = world.servers.get('orders-t1');
        if (server !== undefined) server.readOnly = false;
      },
    ],
  ])(
    '%s refuses it, and the cockpit that drove is no observer for it',
    async (_, why, change) => {
      const night = await refusedAt(change);
      expect(night.refused).toMatch(why);
      expect(night.first.slept).toBe(true);
      // It woke as the driver that it was: what it says is of its own run, and no other epoch stands anywhere.
      expect(night.first.run?.outcome).not.toBe('ousted');
      const epochs = [...night.simulator.world.hosts.values()].flatMap(({ files }) =>
        [...files].flatMap(([name, text]) => (name.endsWith('.epoch') ? [text] : [])),
      );
      expect(epochs.filter((text) => /^[2-9]/m.test(text))).toEqual([]);
    },
    120_000,
  );
});
