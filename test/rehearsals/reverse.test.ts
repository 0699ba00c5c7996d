import { describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { readReversible } from '../../main/engine/reverse.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import { referencePlan } from '../helpers/rehearsal.ts';
import { thereAndBack, type WayBack } from '../helpers/reversed-night.ts';

const variants: readonly { readonly flavor: Flavor; readonly gtid: 'on' | 'off' }[] = [
  { flavor: 'mariadb', gtid: 'on' },
  { flavor: 'mariadb', gtid: 'off' },
  { flavor: 'mysql', gtid: 'on' },
  { flavor: 'mysql', gtid: 'off' },
];

function planWith(gtid: 'on' | 'off'): Plan {
  const plan = referencePlan();
  return { ...plan, chains: plan.chains.map((chain) => ({ ...chain, gtid })) };
}

/** Everybody rests, and what is on its way arrives. */
async function rested({ simulator }: WayBack): Promise<void> {
  simulator.world.actors.length = 0;
  await simulator.clock.run(simulator.clock.nowMs() + 5_000);
}

/** Every server of every chain holds every write that anybody was told is safe, and applied none of them twice. */
function expectWhole({ simulator }: WayBack): void {
  for (const { servers } of simulator.world.chains.values())
    for (const server of servers) {
      expect(missingAcknowledged(server), `lost on ${server.id}`).toBe(0);
      expect(server.duplicates, `applied twice on ${server.id}`).toBe(0);
    }
}

function forthOf({ forthJournal }: WayBack) {
  const folded = foldRun(forthJournal.read());
  if (!folded.ok) throw new Error(folded.error);
  return folded.value.run;
}

const links = ({ simulator }: WayBack): readonly string[] =>
  [...simulator.world.servers.values()].flatMap(({ id, links: own }) =>
    own.map(
      ({ channel, source, receiverOn, applierOn }) =>
        `${id} from ${source?.id ?? 'nobody'} by "${channel}"${receiverOn && applierOn ? '' : ', stopped'}`,
    ),
  );

describe.each(variants)('a night turned round: $flavor, GTID $gtid', ({ flavor, gtid }) => {
  test('both ways are done, nothing is lost, and the estate is as it was before the first', async () => {
    let before: readonly string[] = [];
    const back = await thereAndBack({
      forth: {
        flavor,
        plan: planWith(gtid),
        // Without a key a row that comes round twice is there twice, and no error says so.
        preflight: (_cockpit, simulator) => {
          for (const server of simulator.world.servers.values()) server.tablesWithoutKey.add('shop.visits');
        },
        armed: (simulator) => {
          before = links({ simulator } as WayBack);
        },
      },
    });
    expect(back.forth.run?.outcome).toBe('done');
    expect(back.blocks).toEqual([]);
    expect([back.refused, back.run?.abortReason]).toEqual([null, null]);
    expect(back.run?.alarms).toEqual([]);
    expect(back.run?.outcome, JSON.stringify(back.run?.steps)).toBe('done');
    expect(back.violations).toEqual([]);
    expect(back.writable).toEqual({
      orders: ['orders-a1', 'orders-b1'],
      content: ['content-a1', 'content-b1'],
    });
    expect(back.measured?.chains.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(forthOf(back)).toMatchObject({ outcome: 'reversed', phase: 'ended' });
    expect(foldRun(back.journal.read())).toMatchObject({
      ok: true,
      value: { header: { reverses: { runId: 'rehearsal-01' } }, run: { outcome: 'done' } },
    });
    await rested(back);
    expectWhole(back);
    expect(links(back).toSorted()).toEqual(before.toSorted());
    for (const server of back.simulator.world.servers.values())
      expect(server.eventScheduler, server.id).toBe(server.side === 'source');
  });
});

test('a way back that is taken back leaves the run as it was: it can be reversed again', async () => {
  let asked = false;
  const back = await thereAndBack({
    forth: { flavor: 'mariadb' },
    operator: (run, post) => {
      if (asked || run.steps['fence:orders']?.state !== 'done') return;
      asked = true;
      post({ kind: 'abort-asked', who: 'Dana', reason: 'not now' });
    },
  });
  expect(back.run?.outcome).toBe('thawed');
  expect(back.violations).toEqual([]);
  expect(back.writable).toEqual({ orders: ['orders-t1'], content: ['content-t1'] });
  expect(forthOf(back)).toMatchObject({ outcome: 'done', reversing: null });
  expect(readReversible(back.forthJournal).ok).toBe(true);
});
