import { describe, expect, test } from 'vitest';
import { createApi } from '../../main/api/handlers.ts';
import { present } from '../../shared/lib/assert.ts';
import type { View } from '../../shared/contract/view.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Run } from '../../shared/steps/run.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import {
  drive,
  endOf,
  referencePlan,
  rehearse,
  type RehearsalOptions,
  type Rehearsed,
} from '../helpers/rehearsal.ts';
import { secondCockpit, type SecondCockpit } from '../helpers/observing-night.ts';
import { sleeper } from '../helpers/sleep.ts';

const driver = { role: 'driver' } as const;

/** A hold in the middle, so that whoever looks has the time to. */
function heldPlan(before: Plan['holds'][number]['before']): Plan {
  const plan = referencePlan();
  return { ...plan, holds: [...plan.holds, { ...present(plan.holds[0], 'a hold'), before }] };
}

type Observed = { readonly night: Rehearsed; readonly second: SecondCockpit };

/** A night on which a second cockpit of the same plan was opened before the release, and looks. */
async function observedNight(how: {
  readonly plan?: Plan;
  readonly parts?: Parameters<typeof secondCockpit>[2];
  readonly until?: (run: Run | null) => boolean;
  readonly ports?: RehearsalOptions['ports'];
  readonly operator?: RehearsalOptions['operator'];
}): Promise<Observed> {
  const place: { second: SecondCockpit | null } = { second: null };
  const night = await rehearse({
    ...(how.plan === undefined ? {} : { plan: how.plan }),
    ...(how.ports === undefined ? {} : { ports: how.ports }),
    preflight: (cockpit, simulator) => {
      place.second = secondCockpit(cockpit, simulator, how.parts);
    },
    ...(how.operator === undefined ? {} : { operator: how.operator }),
    ...(how.until === undefined ? {} : { until: how.until }),
  });
  return { night, second: present(place.second ?? undefined, 'a second cockpit') };
}

async function later({ night }: Observed, ms: number): Promise<void> {
  await night.simulator.clock.run(night.simulator.clock.nowMs() + ms);
}

const stepOf = (view: View, key: string): string | undefined =>
  view.run?.steps.find((step) => step.key === key)?.state;

describe('a second cockpit while another one drives', () => {
  test('sees who drives, the step, the locks and the servers, live, and presses nothing', async () => {
    const both = await observedNight({
      plan: heldPlan('fence'),
      until: (run) => run?.heldAt === 'fence',
    });
    const { night, second } = both;
    await later(both, 1_500);
    const view = await second.view();
    expect(view.other).toMatchObject({
      run: 'rehearsal-01',
      driver: expect.stringMatching(/^test on /),
      standing: 'driving',
      locks: 'held by its sessions on all 10 servers',
      text: expect.stringContaining('A laptop that sleeps keeps its locks until its sessions are ended'),
      takeOver: { whyNot: null },
    });
    expect(view.header).toMatchObject({ phase: 'minute', runId: 'rehearsal-01', cannotLeave: null });
    expect(view.run).toMatchObject({ heldAt: 'fence', retry: [], control: { kind: 'none', enabled: false } });
    expect(stepOf(view, 'lock')).toBe('done');
    expect(view.log.map(({ text }) => text)).toContain('run rehearsal-01 begun');
    const now = night.simulator.ports.clock.now().utcMs;
    expect(now - (view.other?.mirror?.readAtUtcMs ?? 0)).toBeLessThan(1_500);
    for (const { nodes } of view.chains)
      for (const { takenAt, state } of nodes) {
        expect(state).not.toBe('unknown');
        expect(now - (takenAt ?? 0)).toBeLessThan(1_000);
      }

    for (const [name, input] of [
      ['arm', { who: 'Kim' }],
      ['prepare', {}],
      ['release', { hold: 'fence', permit: 'any', who: 'Kim' }],
      ['abort', { who: 'Kim', reason: '' }],
      ['retry', { step: 'lock', who: 'Kim' }],
      ['close', { who: 'Kim' }],
      ['resume', { run: 'rehearsal-01', who: 'Kim' }],
      ['startOver', { who: 'Kim' }],
      ['takeover', { run: 'another-run', who: 'Kim' }],
    ] as const)
      expect([name, (await second.ask(name, input, driver)).ok]).toEqual([name, false]);
    expect(await second.ask('arm', { who: 'Kim' }, driver)).toMatchObject({
      message: expect.stringContaining('Another cockpit drives run rehearsal-01'),
    });
    expect(
      await second.ask('takeover', { run: 'rehearsal-01', who: 'Kim' }, { role: 'observer' }),
    ).toMatchObject({
      ok: false,
    });

    // What comes next is seen too, to the end; then a run of its own may be armed.
    night.cockpit.night()?.runner()?.post({ kind: 'released', hold: 'fence', who: 'Dana' });
    await later(both, 6_000);
    const after = await second.view();
    expect(stepOf(after, 'promote:orders')).toBe('done');
    expect(after.header.phase).toBe('watch');
    expect(endOf(night.simulator).violations).toEqual([]);
    night.cockpit.night()?.runner()?.post({ kind: 'close-asked', who: 'Dana' });
    await later(both, 4_000);
    expect((await second.view()).other).toMatchObject({
      standing: 'over',
      takeOver: { whyNot: expect.stringContaining('the run ended: done') },
    });
    expect((await second.ask('startOver', { who: 'Kim' }, driver)).ok).toBe(true);
    await later(both, 5_000);
    // The first one holds its locks until it is put away.
    expect((await second.view()).other).toMatchObject({ run: null, standing: 'driving' });
    await drive(night.simulator, night.cockpit.startOver('Dana'), 10_000);
    await later(both, 5_000);
    const left = await second.view();
    expect([left.other, left.run, left.header.phase]).toEqual([null, null, 'preflight']);
  }, 120_000);

  test('of a plan without a mirror it sees that somebody holds the locks, and offers no takeover', async () => {
    const { journalMirror: _none, ...plan } = heldPlan('fence');
    const both = await observedNight({ plan, until: (run) => run?.heldAt === 'fence' });
    await later(both, 5_000);
    const { other, run } = await both.second.view();
    expect(run).toBeNull();
    expect(other).toMatchObject({
      run: null,
      standing: 'driving',
      text: expect.stringContaining('The plan keeps no mirror'),
      takeOver: { steps: [], whyNot: expect.stringContaining('Look for the laptop that drives') },
    });
    expect((await both.second.ask('arm', { who: 'Kim' }, driver)).ok).toBe(false);
  });

  test('a mirror that is damaged or goes away is said, and what was seen stays', async () => {
    const both = await observedNight({ plan: heldPlan('fence'), until: (run) => run?.heldAt === 'fence' });
    await later(both, 1_500);
    const host = present(both.night.simulator.world.hosts.get('use1-jump'), 'the mirror’s host');
    const file = '/var/lib/cutover/rehearsal-01.jsonl';
    host.files.set(file, (host.files.get(file) ?? '').replace('"released"', '"releasEd"'));
    await later(both, 2_000);
    host.files.set(file, `${'x'.repeat(2_000_000)}\n`);
    await later(both, 2_000);
    const damaged = (await both.second.view()).other;
    expect(damaged?.mirror?.trouble).toMatch(/use1-jump/);
    expect(damaged?.run).toBe('rehearsal-01');
    host.files.delete(file);
    await later(both, 2_000);
    expect((await both.second.view()).other?.mirror?.trouble).toMatch(/not there any more|shorter/);
  });

  test('whose plan file is another one than the run began with sends to the command line', async () => {
    const both = await observedNight({
      plan: heldPlan('fence'),
      parts: { planDigest: '1'.repeat(64) },
      until: (run) => run?.heldAt === 'fence',
    });
    await later(both, 1_500);
    const refused = await both.second.ask('takeover', { run: 'rehearsal-01', who: 'Kim' }, driver);
    expect(refused).toMatchObject({
      ok: false,
      message: expect.stringContaining('cockpit takeover rehearsal-01'),
    });
    expect(both.night.cockpit.night()?.run()?.outcome).toBeNull();
  });
});

describe('a takeover at the screen', () => {
  /** The first cockpit sleeps once `asleep` is so; the second one takes over as a person there would. */
  async function overtaken(asleep: (run: Run) => boolean): Promise<Observed & { readonly wake: () => void }> {
    const sleeping = sleeper();
    let slept = false;
    const both = await observedNight({
      ports: sleeping.ports,
      operator: (run) => {
        if (slept || !asleep(run)) return;
        slept = true;
        sleeping.sleep();
      },
      until: () => slept,
    });
    await later(both, 12_000);
    return { ...both, wake: sleeping.wake };
  }

  test.each([
    ['in the fence', 'thawed', (run: Run) => run.steps['fence:orders']?.state === 'done'],
    ['behind the point of no return', 'done', (run: Run) => run.steps['promote:orders']?.state === 'done'],
  ] as const)(
    'of a laptop that sleeps %s',
    async (_where, outcome, asleep) => {
      const both = await overtaken(asleep);
      const { night, second } = both;
      const before = await second.view();
      expect(before.other).toMatchObject({ run: 'rehearsal-01', takeOver: { whyNot: null } });
      if (outcome === 'done')
        expect(before.other).toMatchObject({
          standing: 'silent',
          locks: 'held by its sessions on all 10 servers',
        });
      const taken = await drive(
        night.simulator,
        second.ask('takeover', { run: 'rehearsal-01', who: 'Kim' }, driver),
        60_000,
      );
      expect(taken).toEqual({ ok: true, value: null });
      await night.simulator.clock.run(
        () => second.cockpit.night()?.measured() !== null,
        night.simulator.clock.nowMs() + 120_000,
      );
      const view = await second.view();
      expect(view.other).toBeNull();
      expect(view.run?.outcome, view.run?.outcomeText ?? '').toBe(outcome);
      const own = second.cockpit.night();
      const ended = {
        ...night,
        ...endOf(night.simulator),
        unintended: [],
        run: own?.run() ?? null,
        measured: own?.measured() ?? null,
        records: second.kept.get('rehearsal-01')?.read() ?? [],
      };
      expect(brokenRules(ended)).toEqual([]);
      if (outcome === 'thawed') expect(notRestored(ended)).toEqual([]);

      // It wakes, is refused, says so, and observes the cockpit that drives now.
      both.wake();
      await later(both, 8_000);
      const first = screenOfFirst(night);
      expect(await first()).toMatchObject({
        header: { phase: 'minute' },
        report: null,
        run: {
          outcome: 'ousted',
          control: { kind: 'none', enabled: false },
          retry: [],
          now: { title: 'This cockpit no longer drives' },
          stopHere: { writable: expect.stringContaining('not known by this run') },
          outcomeText: expect.stringContaining('Kim on'),
        },
      });
      if (outcome !== 'done') return;
      await drive(night.simulator, night.cockpit.startOver('Dana'), 10_000);
      await later(both, 12_000);
      expect((await first()).other).toMatchObject({
        run: 'rehearsal-01',
        driver: expect.stringMatching(/^Kim on .*laptop-b/),
        standing: 'driving',
      });
    },
    120_000,
  );
});

function screenOfFirst({ cockpit }: Rehearsed): () => Promise<View> {
  return async () => {
    const api = createApi(cockpit);
    const reply = await api.handlers.view({});
    api.stop();
    if (!reply.ok) throw new Error(reply.message);
    return reply.value as View;
  };
}
