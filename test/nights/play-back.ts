import { foldRun } from '../../shared/audit/fold.ts';
import { ok } from '../../shared/lib/result.ts';
import { readReversible, reversesOf } from '../../main/engine/reverse.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import { lazyJournal } from './memory-journal.ts';
import { planJournalOf, type Lives } from './lives.ts';
import type { NightScript } from './night-script.ts';
import { playWay, type Way, type WayOptions } from './play-way.ts';
import { watchRules } from './watch-rules.ts';

/** What is on its way when everybody rests has arrived after this long, ms. */
const restMs = 5_000;

/** What the way back came to. */
export type Back = Way & {
  /** Whether the run of the way forth was told the end of it. */
  readonly told: string | null;
};

/**
 * Somebody presses Reverse on a night that is done: the same protocol with the sides swapped, on the same world, held to the
 * same rules. Null: nobody presses it, or the run cannot be turned round (no chain of it is left behind then).
 */
export async function playBack(
  lives: Lives,
  forth: Way,
  options: Omit<WayOptions, 'rules' | 'prepares'>,
): Promise<Back | null> {
  const { script, simulator, journal } = lives;
  const { back } = script;
  if (
    back === null ||
    forth.cockpit === null ||
    forth.run?.outcome !== 'done' ||
    forth.rules.violations.length > 0
  )
    return null;
  const read = readReversible(journal);
  if (!read.ok) return null;
  await simulator.clock.run(simulator.clock.nowMs() + back.afterMs);
  const { header, turned, head } = read.value;
  const ports = simulator.portsFor(turned.plan);
  const backScript: NightScript = { ...script, plan: turned.plan, happenings: back.happenings, back: null };
  const backLives: Lives = {
    script: backScript,
    simulator,
    journal: lazyJournal(options.thorough),
    back: {
      ports,
      planJournal: planJournalOf(journal),
      reverses: reversesOf(
        { runId: header.runId, head, notes: turned.notes },
        {
          clock: ports.clock,
          journal: () => ok({ journal, close: () => undefined }),
          letGo: () => forth.cockpit?.stop() ?? Promise.resolve(),
        },
      ),
    },
  };
  const way = await playWay(backLives, {
    ...options,
    prepares: false,
    // Until somebody releases the way back, the way forth's own rules hold: it changes nothing on any server.
    rules: () => {
      forth.rules.detach();
      return watchRules({
        script: backScript,
        simulator,
        journal: backLives.journal,
        trace: options.trace,
        excused: forth.rules.excused,
      });
    },
  });
  return { ...way, told: whatForthSays(lives, way) };
}

/** The run that is turned round hears how that ended, and by then either side holds every write that anybody was told is safe. */
function whatForthSays({ journal }: Lives, { run }: Way): string | null {
  const folded = foldRun(journal.read());
  if (!folded.ok) return `the journal of the way forth cannot be folded any more: ${folded.error}`;
  const { outcome, reversing } = folded.value.run;
  if (run?.outcome === 'done' && outcome !== 'reversed')
    return `the way back is done, and the run of the way forth is ${outcome ?? 'open'}`;
  if (run?.outcome === 'thawed' && (outcome !== 'done' || reversing !== null))
    return `the way back was taken back, and the run of the way forth is ${outcome ?? 'open'}`;
  return null;
}

/** Everybody rests; then every master of the side that was entered holds every acknowledged write of both ways. */
export async function lostBothWays(
  { simulator, script }: Lives,
  { run, rules, cockpit }: Way,
): Promise<string | null> {
  if (cockpit === null || run?.outcome !== 'done' || rules.violations.length > 0) return null;
  const happened = simulator.happened.map(({ fault }) => fault.kind);
  // These leave a link behind that nobody mends in a night.
  if (happened.includes('applier-stopped') || happened.includes('partition')) return null;
  simulator.world.actors.length = 0;
  await simulator.clock.run(simulator.clock.nowMs() + restMs);
  for (const chain of script.plan.chains) {
    if (rules.excused.has(chain.id)) continue;
    for (const { instance } of chain.source.masters) {
      const server = simulator.world.servers.get(instance);
      const missing = server === undefined || server.power !== 'up' ? 0 : missingAcknowledged(server);
      if (missing > 0) return `${instance} lacks ${missing} acknowledged writes of the two ways`;
    }
  }
  return null;
}
