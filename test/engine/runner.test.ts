import { describe, expect, test } from 'vitest';
import { buildView } from '../../main/api/view.ts';
import type { Journal, MysqlSession } from '../../main/ports.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import { notRestored } from '../helpers/broken-rules.ts';
import { memoryJournal, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

/** A journal whose disk is full from a record on. */
function fullFrom(record: number): Journal {
  const journal = memoryJournal();
  return {
    ...journal,
    append: (at, payload, durable) => {
      if (journal.count() >= record) throw new Error('ENOSPC: no space left on device, write');
      return journal.append(at, payload, durable);
    },
  };
}

function alarmsOn({ cockpit }: Rehearsed): readonly string[] {
  const view = buildView(cockpit, { verdicts: [], audience: { drivers: 1, observers: 0 } });
  return (view.run?.alarms ?? []).map(({ text }) => text);
}

const quiet = await rehearse();
const seqOf = (step: string): number =>
  quiet.records.find(({ payload }) => payload.kind === 'event' && payload.changed.includes(step))?.seq ?? 0;
const ponr =
  quiet.records.find(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn)?.seq ?? 0;

describe('a journal that cannot be written any more', () => {
  test('from its first record on: the release is refused and nothing was begun', async () => {
    const night = await rehearse({ journal: fullFrom(0) });
    expect(night.refused).toMatch(/^Not released, and nothing was begun: .*ENOSPC/);
    expect(night.run).toBeNull();
    expect(notRestored(night)).toEqual([]);
  });

  const before = [
    'lock running',
    'quiet running',
    'fence:orders running',
    'fence:orders done',
    'prove:orders done',
  ];
  test.each([
    ...before.map((step) => [step, seqOf(step) - 1] as const),
    ['the point of no return itself', ponr - 1] as const,
    ['the record after the header', 1] as const,
  ])(
    'before the point of no return (%s): everything is thawed from memory, and the operator is told',
    async (_step, record) => {
      expect(record).toBeGreaterThan(0);
      const night = await rehearse({ journal: fullFrom(record) });
      expect(night.run?.outcome).toBe('thawed');
      expect(night.violations).toEqual([]);
      expect(notRestored(night)).toEqual([]);
      expect(night.run?.abortReason).toContain('ENOSPC');
      expect(alarmsOn(night).join('\n')).toMatch(/cannot be written: ENOSPC.*everything is being taken back/);
      expect(night.arrivals.filter(({ operation }) => operation === 'promote')).toEqual([]);
    },
  );

  test.each([
    ['the first promotion', ponr],
    ['the redirect', seqOf('redirect running') - 1],
    ['the way back', seqOf('reverse:orders running')],
  ])('after it (%s): a person is called, and no source is opened', async (_step, record) => {
    const night = await rehearse({ journal: fullFrom(record) });
    expect(night.run?.outcome).toBe('needs-operator');
    expect(night.violations).toEqual([]);
    expect(night.arrivals.filter(({ operation }) => operation === 'thaw')).toEqual([]);
    expect(
      Object.values(night.writable)
        .flat()
        .filter((id) => /-[abs]\d$/.test(id)),
    ).toEqual([]);
    expect(alarmsOn(night).join('\n')).toMatch(/cannot be written: ENOSPC.*finish by hand/);
  });

  test('and still a source that comes back writable is closed again by the watchdog', async () => {
    const night = await rehearse({
      journal: fullFrom(ponr + 1),
      faults: [
        {
          when: { after: 'persistFence', on: { role: 'source-master', nth: 1 }, count: 1, delayMs: 400 },
          fault: { kind: 'writable', on: { role: 'source-master', nth: 1 }, writesPerSecond: 0 },
        },
      ],
    });
    expect(night.simulator.happened).toHaveLength(1);
    await night.simulator.clock.run(night.simulator.clock.nowMs() + 3_000);
    expect(night.simulator.world.servers.get('orders-a1')?.readOnly).toBe(true);
  });
});

/** Answers one operation of the minute's own sessions with something that no server would say. */
function nonsense(session: MysqlSession, operation: OperationName): MysqlSession {
  return {
    ...session,
    ask: async (asked, input, limitMs) => {
      const answer = await session.ask(asked, input, limitMs);
      if (asked !== operation || answer.kind !== 'ok') return answer;
      return { ...answer, value: null as never };
    },
  };
}

describe('an answer that the program cannot understand', () => {
  test.each([
    'openTransactions',
    'clientSessions',
    'preparedTransactions',
    'proveFence',
    'newestRows',
  ] as const)('%s: is no answer, and everything is taken back', async (operation) => {
    const night = await rehearse({
      ports: (ports) => ({
        ...ports,
        mysql: {
          ...ports.mysql,
          open: async (instance, purpose, limitMs) => {
            const opened = await ports.mysql.open(instance, purpose, limitMs);
            if (opened.kind !== 'open' || instance !== 'orders-a1') return opened;
            return { kind: 'open', session: nonsense(opened.session, operation) };
          },
        },
      }),
    });
    expect(night.run?.outcome).toBe('thawed');
    expect(notRestored(night)).toEqual([]);
    expect(night.run?.abortReason).toContain('could not be understood');
    expect(alarmsOn(night).join('\n')).toMatch(/The program is wrong: the answer to .* could not be judged/);
  });
});
