import { describe, expect, test } from 'vitest';
import type { Ports } from '../../main/ports.ts';
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
    expect(night.after.filter((line) => line.includes('.cutover-'))).toEqual([]);
    expect(night.violations).toEqual([]);
  });

  /** From that step on nothing of the cockpit reaches the world any more: its clock stands still, its sessions stay open. */
  const dying = (at: string) => {
    let dead = false;
    const ports = (real: Ports): Ports => ({
      ...real,
      clock: { ...real.clock, after: (ms, call) => real.clock.after(ms, () => (dead ? undefined : call())) },
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
              ask: (...asked) => (dead ? new Promise(() => undefined) : session.ask(...asked)),
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
          const never = new Promise<never>(() => undefined);
          return {
            kind: 'open',
            channel: {
              ...channel,
              run: (...asked) => (dead ? never : channel.run(...asked)),
              putFile: (...asked) => (dead ? never : channel.putFile(...asked)),
              moveFile: (...asked) => (dead ? never : channel.moveFile(...asked)),
            },
          };
        },
      },
    });
    return rehearse({
      plan,
      ports,
      operator: (run) => {
        dead ||= Object.values(run.steps).some(({ step, state }) => step === at && state !== 'waiting');
      },
      until: () => false,
    });
  };

  test.each(['fence', 'converge', 'drain', 'barrier', 'last-look', 'detach'])(
    'the cockpit dies as %s begins: every source takes writes again, and no target does',
    async (at) => {
      const night = await dying(at);
      const writable = Object.values(night.writable).flat();
      expect(writable.toSorted()).toEqual(sources.toSorted());
      expect(night.violations).toEqual([]);
    },
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
