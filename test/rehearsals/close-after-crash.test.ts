import { describe, expect, test } from 'vitest';
import type { Fault } from '../../shared/plan/scenario.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { crashedNight, type CrashedNight } from '../helpers/crashed-night.ts';
import { drive, rehearse } from '../helpers/rehearsal.ts';

const on = { role: 'source-slave', nth: 1 } as const;
const slept = 'orders-s1';
const patienceMs = 120_000;

/** A night past its point of no return whose cockpit dies unnoticed; a server is away when the run is taken up again. */
async function takenUp(flavor: 'mariadb' | 'mysql', away: Fault): Promise<CrashedNight> {
  const { records } = await rehearse({ flavor });
  const record = records.findIndex(
    ({ payload }) => payload.kind === 'event' && payload.changed.includes('redirect done'),
  );
  return crashedNight({
    flavor,
    record: record + 1,
    edge: 'after',
    noticed: false,
    meanwhile: ({ inject }) => inject(away),
  });
}

function nightOf({ second }: CrashedNight): Night {
  return present(second.night() ?? undefined, 'a night');
}

/** The server is back, and a person has what needed it tried again. */
async function watched(night: CrashedNight): Promise<void> {
  const { clock } = night.simulator;
  await clock.run(clock.nowMs() + 30_000);
  const failed = Object.values(nightOf(night).run()?.steps ?? {}).filter(({ state }) => state === 'failed');
  for (const { key } of failed)
    await drive(night.simulator, nightOf(night).retry({ step: key, who: 'Dana' }), 60_000);
  await clock.run(() => nightOf(night).run()?.phase === 'watching', 60_000);
}

async function closed(night: CrashedNight): Promise<string> {
  await drive(night.simulator, nightOf(night).close('Dana'), 60_000);
  await night.simulator.clock.run(() => nightOf(night).run()?.phase === 'ended', 60_000);
  return nightOf(night).run()?.steps['close']?.text ?? '';
}

/** Sessions of the dead cockpit that the server still believes in. */
function lostThere(night: CrashedNight): readonly number[] {
  const known = Object.entries(nightOf(night).run()?.threads[slept] ?? {});
  const { threads } = present(night.simulator.world.servers.get(slept), slept);
  return known.flatMap(([purpose, thread]) =>
    purpose.startsWith('lost ') && threads.has(thread) ? [thread] : [],
  );
}

describe('Close, after a crash that a server slept through', () => {
  test.each(['mariadb', 'mysql'] as const)(
    'ends the sessions of the dead cockpit there, once the server is back, on %s',
    async (flavor) => {
      const night = await takenUp(flavor, { kind: 'server-paused', on, forMs: 15_000 });
      await watched(night);
      expect(lostThere(night)).not.toEqual([]);
      expect(await closed(night)).not.toContain('may still hold');
      expect(lostThere(night)).toEqual([]);
    },
    patienceMs,
  );

  test(
    'names them where the server is away still',
    async () => {
      const night = await takenUp('mariadb', { kind: 'server-paused', on, forMs: 15_000 });
      await watched(night);
      const [lost] = lostThere(night);
      night.simulator.inject({ kind: 'server-paused', on, forMs: 300_000 });
      const text = await closed(night);
      expect(nightOf(night).run()?.phase).toBe('ended');
      expect(text).toMatch(/Sessions of this run that may still hold its lock: .* on orders-s1 .*KILL/);
      expect(text).toContain(String(lost));
    },
    patienceMs,
  );

  test(
    'leaves numbers alone that a server gave out anew',
    async () => {
      const night = await takenUp('mysql', { kind: 'server-killed', on, downMs: 15_000 });
      await watched(night);
      const since = night.arrivals.length;
      expect(await closed(night)).not.toContain('may still hold');
      const ended = night.arrivals.slice(since).filter(({ operation }) => operation === 'killThreads');
      expect(ended).toEqual([]);
    },
    patienceMs,
  );
});
