import { foldRun } from '../../shared/audit/fold.ts';
import { verifyJournal } from '../../shared/audit/verify.ts';
import { present } from '../../shared/lib/assert.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { lookBeforeTaking } from '../../main/engine/look-again.ts';
import { takeMirror } from '../../main/engine/takeover.ts';
import type { Ports } from '../../main/ports.ts';
import { drive, partsOf, runIdOf, type Lives, type NextLife } from './lives.ts';
import { lazyJournal, plainJournal, type MemoryJournal } from './memory-journal.ts';
import type { Rules } from './watch-rules.ts';

/** Whose session it is that a statement comes from: the other laptop's. */
export type IsOther = (instance: string, thread: number) => boolean;

/** The cockpit of another laptop, which took the run over from one that sleeps, with the journal it found. */
export type Overtaker = NextLife & { readonly cockpit: Cockpit; readonly journal: MemoryJournal };

/** Everybody rests for so long before somebody on another laptop has looked, and after the first one woke, ms. */
const looksMs = 400;
const wakesMs = 30_000;

/** Somebody at another laptop takes the run over from one that fell asleep; null: there is nothing to take over any more. */
export async function overtake(lives: Lives, rules: Rules, thorough: boolean): Promise<Overtaker | null> {
  const { simulator, script } = lives;
  await simulator.clock.run(simulator.clock.nowMs() + looksMs);
  const place = present(mirrorOf(script.plan, runIdOf(lives)) ?? undefined, 'a mirror');
  const other = otherLaptop(simulator.ports);
  const opened = await drive(simulator, other.ports.ssh.open(place.host, 5_000));
  if (opened.kind === 'refused') throw new Error(opened.message);
  const { plan } = script;
  const taking = takeMirror(opened.channel, {
    file: place.file,
    here: null,
    name: 'another laptop',
    look: async (run) => {
      const looked = await lookBeforeTaking({ plan, ports: other.ports }, run, []);
      // Whoever knows that what does not answer is down takes the run over all the same.
      const [, dark] = looked.ok ? [] : (/ --despite (\S+)$/.exec(looked.error) ?? []);
      return dark === undefined
        ? looked
        : lookBeforeTaking({ plan, ports: other.ports }, run, dark.split(','));
    },
  });
  const taken = await drive(simulator, taking);
  if (!taken.ok) {
    // A run that ended, or never began, is left as it is.
    if (!/cannot be taken over: |There is no /.test(taken.error)) rules.refused(taken.error);
    return null;
  }
  const journal = lazyJournal(thorough);
  const verified = verifyJournal(taken.value.text);
  if (!verified.ok) throw new Error(verified.error.why);
  for (const { at, payload } of verified.value.records) journal.append(at, payload, true);
  const folded = foldRun(journal.read());
  if (!folded.ok) throw new Error(folded.error);
  const { run } = folded.value;
  rules.overtaken({ journal, run, isOther: other.isOther });
  const cockpit = startCockpit({ ...partsOf(lives), ports: other.ports, planJournal: plainJournal() });
  const takeover = { driver: taken.value.driver };
  const resumed = await drive(simulator, cockpit.resume('operator', { journal, takeover }));
  const night = resumed.ok ? resumed.value.night : null;
  return {
    cockpit,
    journal,
    night,
    refused: resumed.ok || whyOver(run) !== null ? null : resumed.error,
    run: () => night?.run() ?? run,
  };
}

/** The ports of another laptop: which sessions are its own is known from where they were opened. */
function otherLaptop(ports: Ports): { readonly ports: Ports; readonly isOther: IsOther } {
  const own = new Set<string>();
  return {
    isOther: (instance, thread) => own.has(`${instance} ${thread}`),
    ports: {
      ...ports,
      laptop: { ...ports.laptop, name: () => 'laptop-b' },
      mysql: {
        ...ports.mysql,
        open: async (instance, purpose, limitMs) => {
          const opened = await ports.mysql.open(instance, purpose, limitMs);
          if (opened.kind === 'open') own.add(`${instance} ${opened.session.connectionId}`);
          return opened;
        },
      },
    },
  };
}

/** Nobody drives beside the one that took over. */
export const whoeverWakesIsOusted = { name: 'whoeverWakesIsOusted', law: 'I8' } as const;

/** The first laptop is awake again and had time to notice: null when it says that it was ousted, or had nothing to lose. */
export async function wokenUp({ simulator: { clock } }: Lives, night: Night | null): Promise<string | null> {
  await clock.run(() => night?.run()?.phase === 'ended', wakesMs);
  // What it may have sent before that has arrived.
  await clock.run(clock.nowMs() + looksMs);
  const run: Run | null = night?.run() ?? null;
  if (run === null || run.outcome === 'ousted' || run.outcome === 'done') return null;
  return run.steps['unwind']?.text.trim() === 'Nothing had been changed.'
    ? null
    : `the laptop that slept says ${run.outcome ?? run.phase} (${run.abortReason ?? ''}), and another one drives`;
}
