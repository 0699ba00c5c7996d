import { describe, expect, test } from 'vitest';
import type { Ports } from '../../main/ports.ts';
import { laptopSite } from '../../main/simulator/network.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import { rehearse } from '../helpers/rehearsal.ts';
import { switchPlan } from '../helpers/switch-plan.ts';
import { referencePlan } from '../helpers/reference-plan.ts';

const plan = switchPlan(referencePlan());
const sources = ['orders-a1', 'orders-b1', 'content-a1', 'content-b1'];

describe("whole nights with a dead-man's switch", () => {
  test('a quiet night arms, claims and stands down every switch, and leaves no file of one', async () => {
    const night = await rehearse({ plan });
    expect(night.blocks).toEqual([]);
    expect(night.run?.steps['arm']).toMatchObject({ state: 'done' });
    expect(night.run?.outcome).toBe('done');
    expect(night.after.filter((line) => line.includes('.cutover-') && !line.endsWith('.epoch'))).toEqual([]);
    expect(night.violations).toEqual([]);
  });

  /** What may happen to a cockpit at any moment; `asleep` for longer than any switch waits. */
  type Blow = 'dead' | 'asleep' | 'cut off';
  const sleepMs = 150_000;

  /** From that step on the cockpit is struck: its sessions stay open, as nobody tells the servers that it is gone. */
  const struck = (at: string, blow: Blow, flavor: 'mysql' | 'mariadb') => {
    let down = false;
    let awake = false;
    let fall = (): void => undefined;
    const held: (() => void)[] = [];
    const up = (): Promise<void> =>
      down && !awake ? new Promise((resolve) => void held.push(resolve)) : Promise.resolve();
    const through =
      <A extends readonly unknown[], R>(call: (...asked: A) => Promise<R>) =>
      async (...asked: A): Promise<R> => {
        await up();
        const answer = await call(...asked);
        await up();
        return answer;
      };
    const ports = (real: Ports, { world }: Simulator): Ports => {
      fall = () => {
        if (down) return;
        down = true;
        if (blow === 'cut off') for (const site of plan.sites) world.network.cut(laptopSite, site.id);
        if (blow === 'asleep')
          real.clock.after(sleepMs, () => {
            awake = true;
            for (const go of held.splice(0)) go();
          });
      };
      if (blow === 'cut off') return real;
      return {
        ...real,
        clock: {
          ...real.clock,
          after: (ms, call) => real.clock.after(ms, () => (down && !awake ? void held.push(call) : call())),
        },
        mysql: {
          ...real.mysql,
          open: async (...where) => {
            const opened = await real.mysql.open(...where);
            if (opened.kind === 'refused') return opened;
            const { session } = opened;
            return {
              kind: 'open',
              session: {
                ...session,
                ask: async (...asked) => {
                  await up();
                  const answer = await session.ask(...asked);
                  await up();
                  return answer;
                },
              },
            };
          },
        },
        ssh: {
          ...real.ssh,
          open: async (...where) => {
            const opened = await real.ssh.open(...where);
            if (opened.kind === 'refused') return opened;
            const { channel } = opened;
            return {
              kind: 'open',
              channel: {
                ...channel,
                run: through(channel.run),
                putFile: through(channel.putFile),
                moveFile: through(channel.moveFile),
                epoch: through(channel.epoch),
                as: (mark) => {
                  const own = channel.as(mark);
                  return {
                    run: through(own.run),
                    putFile: through(own.putFile),
                    moveFile: through(own.moveFile),
                    appendFile: through(own.appendFile),
                  };
                },
              },
            };
          },
        },
      };
    };
    let struckAtMs = Infinity;
    return rehearse({
      plan,
      flavor,
      ports: (real, simulator) => ports(real, (simulated = simulator)),
      operator: (run) => {
        if (down || !Object.values(run.steps).some(({ step, state }) => step === at && state !== 'waiting'))
          return;
        struckAtMs = simulated?.clock.nowMs() ?? 0;
        fall();
      },
      until: (run) => blow === 'asleep' && run !== null && run.phase === 'ended',
    }).then((night) => ({ ...night, struckAtMs }));
  };
  let simulated: Simulator | undefined;

  const moments = [
    'fence',
    'end-sessions',
    'converge',
    'drain',
    'prove',
    'prepare-reverse',
    'barrier',
    'claim',
    'last-look',
  ] as const;
  type Case = readonly [at: string, blow: Blow, flavor: 'mysql' | 'mariadb'];
  const cases = moments.flatMap((at, index) =>
    (['dead', 'asleep', 'cut off'] as const).flatMap((blow, which): readonly Case[] => {
      const [one, other] =
        (index + which) % 2 === 0 ? (['mariadb', 'mysql'] as const) : (['mysql', 'mariadb'] as const);
      // In the passage each blow meets both flavours; before it they take turns.
      return at === 'claim' || at === 'last-look'
        ? [
            [at, blow, one],
            [at, blow, other],
          ]
        : [[at, blow, one]];
    }),
  );
  test.each(cases)(
    'as %s begins the cockpit is %s (%s): every source takes writes again, no target does, nothing is fenced again',
    async (at, blow, flavor) => {
      const night = await struck(at, blow, flavor);
      expect(night.blocks).toEqual([]);
      expect(night.struckAtMs).toBeLessThan(Infinity);
      expect(Object.values(night.writable).flat().toSorted()).toEqual(sources.toSorted());
      expect(night.violations).toEqual([]);
      const later = night.arrivals.filter(({ atMs }) => atMs > night.struckAtMs + 60_000);
      expect(
        later.filter(({ operation }) => ['fence', 'promote', 'persistFence'].includes(operation)),
      ).toEqual([]);
      // Awake again it sees that the fence is gone, and gives up by itself.
      if (blow === 'asleep') expect(night.run?.outcome).not.toBe('done');
    },
    120_000,
  );

  test('a switch that dies right before its claim is noticed by the claim: nothing is promoted, all is taken back', async () => {
    const host = armedHosts(plan)[0] ?? '';
    let killed = false;
    let kill = (): boolean => false;
    const night = await rehearse({
      plan,
      ports: (real, simulator) => {
        const files = simulator.world.hosts.get(host)?.files;
        kill = () => files?.delete(`~/.cutover-rehearsal-01-${host}.sh`) === true;
        return real;
      },
      operator: (run) => {
        if (!killed && run.steps['drain:orders']?.state === 'done') killed = kill();
      },
    });
    expect(killed).toBe(true);
    expect(night.run?.outcome).toBe('thawed');
    expect(night.run?.abortReason).toMatch(`${host} with error 4`);
    expect(Object.values(night.writable).flat().toSorted()).toEqual(sources.toSorted());
    expect(night.violations).toEqual([]);
  });

  test('a switch that dies while the run waits ends the run: all is taken back, and the reason names its host', async () => {
    const held = { ...plan, holds: [...plan.holds, { before: 'fence' as const }] };
    const host = armedHosts(plan)[0] ?? '';
    let kill = (): boolean => false;
    let killed = false;
    const night = await rehearse({
      plan: held,
      ports: (real, simulator) => {
        const files = simulator.world.hosts.get(host)?.files;
        kill = () => files?.delete(`~/.cutover-rehearsal-01-${host}.sh`) === true;
        return real;
      },
      operator: (run) => {
        if (!killed && run.steps['arm']?.state === 'done') killed = kill();
      },
    });
    expect(killed).toBe(true);
    expect(night.run?.outcome).toBe('thawed');
    expect(night.run?.abortReason).toMatch(`on ${host}: no new sign of life of the dead-man's switch for`);
    expect(Object.values(night.writable).flat().toSorted()).toEqual(sources.toSorted());
    expect(night.violations).toEqual([]);
  });
});
