import type { Fault } from '../../shared/plan/scenario.ts';
import type { MeasuredRecord } from '../../shared/audit/record.ts';
import { planNodes } from '../../shared/steps/need.ts';
import { reverseChannel } from '../../shared/plan/reverse-ends.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { touchable } from '../helpers/touched.ts';
import { foldDiffers } from './fold-check.ts';
import type { MemoryJournal } from './memory-journal.ts';
import { takesWrites, type Scene } from './scene.ts';

/** What is there when a night is over. */
export type Ended = {
  readonly measured: MeasuredRecord | null;
  readonly journal: MemoryJournal;
  readonly troubles: readonly string[];
  /** Whether the journal is hashed, written as text, verified and parsed too; it is the dearest of all checks. */
  readonly thorough: boolean;
};

export type EndRule = {
  readonly name: string;
  readonly law: string;
  readonly check: (scene: Scene, ended: Ended) => string | null;
};

/** Faults after which a server is not as it was, whatever the cockpit does. */
const lasting: readonly Fault['kind'][] = [
  'applier-stopped',
  'server-killed',
  'writable',
  'partition',
  'server-paused',
];

/** Rules that hold when a night is over, however it went. */
export const endRules: readonly EndRule[] = [
  {
    name: 'everyNightEnds',
    law: 'I10',
    check: ({ run }) => (run !== null && run.outcome === null ? `it is ${run.phase} still` : null),
  },
  {
    name: 'noDefects',
    law: 'R20',
    check: (_scene, { troubles }) => troubles[0] ?? null,
  },
  {
    name: 'noWriteLost',
    law: 'I2',
    check: (scene, { measured }) => lostWrites(scene) ?? lostByFigures(scene, measured),
  },
  {
    name: 'thawedIsWritable',
    law: 'I3',
    check: ({ run, script, simulator }) => {
      if (run?.outcome !== 'thawed') return null;
      const masters = script.plan.chains.flatMap(({ source }) => source.masters);
      const shut = masters.find(({ instance }) => !takesWrites(find(simulator, instance)));
      const down = shut !== undefined && find(simulator, shut.instance).power === 'down';
      return shut === undefined || down ? null : `thawed, but ${shut.instance} refuses writes`;
    },
  },
  { name: 'thawRestoresEverything', law: 'R8', check: notRestored },
  {
    name: 'sourcesStayClosed',
    law: 'I4',
    check: ({ run, excused, simulator }) => {
      if (run === null || run.ponrAt === null) return null;
      for (const chain of simulator.world.chains.values()) {
        const open = chain.servers.find((server) => server.side === 'source' && takesWrites(server));
        if (open !== undefined && !excused.has(chain.id) && run.outcome === 'done')
          return `${open.id} takes writes`;
      }
      return null;
    },
  },
  {
    name: 'targetsTakeWrites',
    law: 'I4',
    check: ({ run, script, simulator, disturbed }) => {
      if (run?.outcome !== 'done') return null;
      const masters = script.plan.chains.flatMap(({ target }) => target.masters);
      // A target that crashes after it was opened boots as its own configuration says, which nothing here changes.
      const shut = masters.find(
        ({ instance }) =>
          find(simulator, instance).readOnly && disturbed.get(instance)?.kinds.has('server-killed') !== true,
      );
      return shut === undefined ? null : `the run is done, and ${shut.instance} refuses writes`;
    },
  },
  {
    name: 'nothingCircles',
    law: 'R16',
    check: ({ simulator }) => {
      const happened = simulator.happened.map(({ fault }) => fault.kind);
      if (happened.includes('applier-stopped')) return null;
      // At its restart a source starts whatever links it has, also the one that was stopped to open the ring.
      if (happened.includes('server-killed')) return null;
      for (const { id, duplicates, links } of simulator.world.servers.values()) {
        if (duplicates > 0 && !happened.includes('table-without-key'))
          return `${id} applied ${duplicates} events twice`;
        const broken = links.find(({ applierError }) => applierError?.code === 1062);
        if (broken !== undefined)
          return `the link ${broken.channel} of ${id} stopped at a row that was there`;
      }
      return null;
    },
  },
  {
    name: 'foldIsTheRun',
    law: 'R6',
    check: ({ run }, { journal, thorough }) => (run === null ? null : foldDiffers(run, journal, thorough)),
  },
  {
    name: 'livesUpToItsBudget',
    law: 'liveness',
    check: ({ run, script }) => {
      if (script.mode !== 'liveness' || run === null) return null;
      if (run.outcome !== 'done' && run.outcome !== 'thawed') return `it ended ${run.outcome ?? 'nowhere'}`;
      const begun = run.steps['lock']?.startedAt ?? run.begunAt;
      const { limits } = script.plan;
      const budgetMs = limits.preDrainMs + limits.runDeadlineMs + limits.abortMs;
      const tookMs = (run.endedAt?.monoMs ?? 0) - (begun?.monoMs ?? 0);
      return run.outcome === 'thawed' && tookMs > budgetMs ? `it took ${tookMs} ms of ${budgetMs} ms` : null;
    },
  },
];

function find({ world }: Simulator, id: string) {
  const server = world.servers.get(id);
  if (server === undefined) throw new Error(`the world has no server ${id}`);
  return server;
}

function lostWrites({ run, script, simulator, excused }: Scene): string | null {
  if (run === null || run.ponrAt === null) return null;
  for (const chain of script.plan.chains) {
    if (excused.has(chain.id)) continue;
    for (const { instance } of chain.target.masters) {
      const missing = missingAcknowledged(find(simulator, instance));
      if (missing > 0) return `${instance} lacks ${missing} acknowledged writes`;
    }
  }
  return null;
}

function lostByFigures({ excused }: Scene, measured: MeasuredRecord | null): string | null {
  for (const { name, lost } of measured?.chains ?? [])
    if (lost !== null && lost > 0 && !excused.has(name)) return `the clients of ${name} miss ${lost} writes`;
  return null;
}

function notRestored({ run, before, simulator, disturbed }: Scene): string | null {
  if (run?.outcome !== 'thawed') return null;
  const changed = [...disturbed].flatMap(([id, { kinds }]) =>
    lasting.some((kind) => kinds.has(kind)) ? [id] : [],
  );
  const gone = simulator.happened.some(
    ({ fault }) => fault.kind === 'host-unreachable' || fault.kind === 'failed-switch',
  );
  const after = touchable(simulator);
  const said = run.steps['unwind']?.text ?? '';
  // An epoch is harmless where its host could not be reached any more, as long as the undo names it.
  const isNamed = (line: string): boolean => {
    const host = /^(\S+) file \S+\.epoch$/.exec(line)?.[1];
    return host !== undefined && said.includes(host);
  };
  const concerns = (line: string): boolean =>
    !changed.some((id) => line.startsWith(`${id} `)) &&
    !(gone && /^app-|-host /.test(line)) &&
    !isNamed(line);
  const wrong =
    before.find((line) => !after.includes(line) && concerns(line)) ??
    after.find((line) => !before.includes(line) && concerns(line));
  if (wrong !== undefined) return `${before.includes(wrong) ? 'was' : 'is'}: ${wrong}`;
  const reverse = planNodes(simulator.world.plan).find((id) =>
    find(simulator, id).links.some(({ channel }) => channel === reverseChannel),
  );
  return reverse === undefined ? null : `a reverse link is left on ${reverse}`;
}
