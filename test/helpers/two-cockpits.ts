import { verifyJournal } from '../../shared/audit/verify.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import { lookBeforeTaking } from '../../main/engine/look-again.ts';
import { takeMirror } from '../../main/engine/takeover.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Run } from '../../shared/steps/run.ts';
import { drive, endOf, memoryJournal, rehearse, type Rehearsed } from './rehearsal.ts';
import { sleeper, sleepingAt } from './sleep.ts';

export type Overtaken = {
  readonly flavor: Flavor;
  /** The record at which the first cockpit falls asleep. */
  readonly record: number;
  readonly edge: 'before' | 'after';
  /** When it wakes: as the second one begins to act, or when that one is over. */
  readonly wakes: 'at-once' | 'afterwards';
  readonly plan?: Plan;
  /** Just before the second one looks, with nothing taken yet. */
  readonly beforeLook?: (simulator: Simulator) => void;
  /** Just before the second one takes over. */
  readonly meanwhile?: (simulator: Simulator) => void;
};

export type TwoCockpits = Rehearsed & {
  readonly first: { readonly run: Run | null; readonly cockpit: Cockpit; readonly slept: boolean };
  /** Why the second one did not take over; null: it did. */
  readonly refused: string | null;
};

/** A night on which the cockpit falls asleep, another laptop takes the run over, and the first one wakes and believes to drive. */
export async function twoCockpits(how: Overtaken): Promise<TwoCockpits> {
  const sleeping = sleeper();
  const journal = memoryJournal();
  let slept = false;
  const first = await rehearse({
    flavor: how.flavor,
    ...(how.plan === undefined ? {} : { plan: how.plan }),
    journal: sleepingAt(journal, how, () => {
      slept = true;
      sleeping.sleep();
    }),
    ports: sleeping.ports,
    until: (_run, measured) => sleeping.isAsleep() || measured !== null,
  });
  const { simulator } = first;
  await simulator.clock.run(simulator.clock.nowMs() + 400);
  const { plan } = first.cockpit.parts;
  const second = startCockpit({
    ...first.cockpit.parts,
    ports: { ...simulator.ports, laptop: { ...simulator.ports.laptop, name: () => 'laptop-b' } },
    planJournal: memoryJournal(),
    openRunJournal: () => ({ runId: 'rehearsal-02', journal: memoryJournal() }),
  });
  how.beforeLook?.(simulator);
  const taken = await drive(simulator, fetched(simulator, plan), 60_000);
  if (!taken.ok) {
    sleeping.wake();
    await simulator.clock.run(simulator.clock.nowMs() + 30_000);
    return ended(first, { slept, run: null, second, refused: taken.error });
  }
  const copy = memoryJournal();
  const verified = verifyJournal(taken.value.text);
  if (!verified.ok) throw new Error(verified.error.why);
  for (const { at, payload } of verified.value.records) copy.append(at, payload, true);
  how.meanwhile?.(simulator);
  const resuming = second.resume('Dana', { journal: copy, takeover: { driver: taken.value.driver } });
  const resumed = await drive(simulator, resuming, 60_000);
  const night = resumed.ok ? resumed.value.night : null;
  if (how.wakes === 'at-once') sleeping.wake();
  await simulator.clock.run(
    () => night === null || night.measured() !== null,
    simulator.clock.nowMs() + 200_000,
  );
  sleeping.wake();
  await simulator.clock.run(simulator.clock.nowMs() + 30_000);
  return {
    ...ended(first, { slept, run: night?.run() ?? null, second, refused: resumed.ok ? null : resumed.error }),
    measured: night?.measured() ?? null,
    records: copy.read(),
  };
}

async function fetched(simulator: Simulator, plan: Plan): ReturnType<typeof takeMirror> {
  const place = present(mirrorOf(plan, 'rehearsal-01') ?? undefined, 'a mirror');
  const opened = await simulator.ports.ssh.open(place.host, 5_000);
  if (opened.kind === 'refused') throw new Error(opened.message);
  return takeMirror(opened.channel, {
    file: place.file,
    here: null,
    name: 'Dana on laptop-b',
    look: (run) => lookBeforeTaking({ plan, ports: simulator.ports }, run, []),
  });
}

function ended(
  first: Rehearsed,
  {
    slept,
    run,
    second,
    refused,
  }: {
    readonly slept: boolean;
    readonly run: Run | null;
    readonly second: Cockpit;
    readonly refused: string | null;
  },
): TwoCockpits {
  return {
    ...first,
    ...endOf(first.simulator),
    first: { run: first.cockpit.night()?.run() ?? null, cockpit: first.cockpit, slept },
    run,
    cockpit: second,
    // What is watched beside the first cockpit holds its journal against the servers; the second one has its own.
    unintended: [],
    refused,
  };
}
