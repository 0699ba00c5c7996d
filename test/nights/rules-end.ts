import type { Fault } from '../../shared/plan/scenario.ts';
import type { MeasuredRecord } from '../../shared/audit/record.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import { reverseChannelOf, reverseEnds } from '../../shared/plan/reverse-ends.ts';
import { laptopSite } from '../../main/simulator/network.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Server } from '../../main/simulator/world.ts';
import { touchable } from '../helpers/touched.ts';
import { foldDiffers } from './fold-check.ts';
import type { MemoryJournal } from './memory-journal.ts';
import { isBackAtSource, isHeldBySwitch, isSource, lacksOfSource, takesWrites, type Scene } from './scene.ts';

/** What is there when a night is over. */
export type Ended = {
  readonly measured: MeasuredRecord | null;
  readonly journal: MemoryJournal;
  readonly troubles: readonly string[];
  /** It was rightly not taken up again: another server stands at one of its addresses, and a person must look. */
  readonly refused: boolean;
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
  'server-replaced',
  'writable',
  'partition',
  'server-paused',
];

/** One night in so many has its journal folded again at its end; a night whose cockpit died or was overtaken folds it anyway. */
const foldedEvery = 4;

/** Rules that hold when a night is over, however it went. */
export const endRules: readonly EndRule[] = [
  {
    name: 'everyNightEnds',
    law: 'I10',
    check: ({ run }, { refused }) =>
      run !== null && run.outcome === null && !refused ? `it is ${run.phase} still` : null,
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
    check: ({ run, script, simulator, disturbed }) => {
      if (run?.outcome !== 'thawed') return null;
      const shut = script.plan.chains
        .flatMap(({ source }) => source.masters.map(({ instance }) => find(simulator, instance)))
        .find((server) => !takesWrites(server) && server.power !== 'down' && !bootsShut(server, disturbed));
      return shut === undefined ? null : `thawed, but ${shut.id} refuses writes`;
    },
  },
  { name: 'undoEndsOnceHealthy', law: 'I3', check: stuckUndo },
  { name: 'thawRestoresEverything', law: 'R8', check: notRestored },
  {
    name: 'sourcesStayClosed',
    law: 'I4',
    check: (scene) => {
      const { run, excused, simulator } = scene;
      if (run === null || run.ponrAt === null) return null;
      for (const chain of simulator.world.chains.values()) {
        const open = chain.servers.find((server) => isSource(scene, server.id) && takesWrites(server));
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
      const shut = masters.find(
        ({ instance }) => find(simulator, instance).readOnly && !wasKilled(disturbed.get(instance)?.kinds),
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
      if (happened.includes('server-killed') || happened.includes('server-replaced')) return null;
      for (const { id, duplicates, links } of simulator.world.servers.values()) {
        if (duplicates > 0 && !happened.includes('table-without-key'))
          return `${id} applied ${duplicates} events twice`;
        const broken = links.find(({ applierError }) => applierError?.code === 1062);
        // Somebody who opened a closed side by hand may have written any row there.
        if (broken !== undefined && !happened.includes('writable'))
          return `the link ${broken.channel} of ${id} stopped at a row that was there`;
      }
      return null;
    },
  },
  {
    name: 'nobodyOustedIt',
    law: 'R6',
    // Whoever slept while another one took over is asked elsewhere: this run is the one that was driven to the end.
    check: ({ run }) =>
      run?.outcome === 'ousted' ? `it says that it was ousted: ${run.abortReason ?? ''}` : null,
  },
  {
    name: 'foldIsTheRun',
    law: 'R6',
    check: ({ run, script }, { journal, thorough }) =>
      run === null || (!thorough && script.seed % foldedEvery !== 0)
        ? null
        : foldDiffers(run, journal, thorough),
  },
  {
    name: 'livesUpToItsBudget',
    law: 'liveness',
    check: (scene) => {
      const { run, script, simulator, disturbed } = scene;
      if (script.mode !== 'liveness' || run === null) return null;
      // The cockpit was away for longer than the second stage waits: what the switch opened then, a person must look at.
      if (script.plan.chains.some((chain) => isBackAtSource(scene, chain))) return null;
      const targets = script.plan.chains.flatMap(({ target }) => target.masters);
      // Only a person opens it again: nothing in a run may open a target a second time by itself.
      if (targets.some(({ instance }) => bootsShut(find(simulator, instance), disturbed))) return null;
      if (run.outcome !== 'done' && run.outcome !== 'thawed') return `it ended ${run.outcome ?? 'nowhere'}`;
      const begun = run.steps['lock']?.startedAt ?? run.begunAt;
      const { limits } = script.plan;
      const budgetMs = limits.preDrainMs + limits.runDeadlineMs + limits.abortMs;
      const tookMs = (run.endedAt?.monoMs ?? 0) - (begun?.monoMs ?? 0);
      return run.outcome === 'thawed' && tookMs > budgetMs ? `it took ${tookMs} ms of ${budgetMs} ms` : null;
    },
  },
];

/** A server that started again may be closed by what it found then: only a person's press opens it a second time. */
function wasKilled(kinds: ReadonlySet<Fault['kind']> | undefined): boolean {
  return kinds?.has('server-killed') === true || kinds?.has('server-replaced') === true;
}

/**
 * A target that crashes after it was opened, on the way forth or before the fence of the way back, boots as its own
 * configuration says, which nothing here changes.
 */
function bootsShut({ id, bootReadOnly }: Server, disturbed: Scene['disturbed']): boolean {
  return bootReadOnly && wasKilled(disturbed.get(id)?.kinds);
}

function find({ world }: Simulator, id: string) {
  const server = world.servers.get(id);
  if (server === undefined) throw new Error(`the world has no server ${id}`);
  return server;
}

function lostWrites(scene: Scene): string | null {
  const { run, script, simulator, excused } = scene;
  if (run === null || run.ponrAt === null) return null;
  for (const chain of script.plan.chains) {
    // Nothing was promoted there, and the source takes writes again: that is what its switch is for.
    if (excused.has(chain.id) || isBackAtSource(scene, chain)) continue;
    for (const { instance } of chain.target.masters) {
      const missing = lacksOfSource(scene, find(simulator, instance));
      if (missing > 0) return `${instance} lacks ${missing} acknowledged writes`;
    }
  }
  return null;
}

function lostByFigures(scene: Scene, measured: MeasuredRecord | null): string | null {
  const { excused, script } = scene;
  for (const { name, lost } of measured?.chains ?? []) {
    const chain = script.plan.chains.find(({ id }) => id === name);
    if (excused.has(name) || (chain !== undefined && isBackAtSource(scene, chain))) continue;
    if (lost !== null && lost > 0) return `the clients of ${name} miss ${lost} writes`;
  }
  return null;
}

/** Everybody's patience with an undo: a pause may last six seconds, and so may its own look at what came back. */
const patienceMs = 20_000;
/** Whatever else fails, an undo never asks these. */
const besideTheUndo: readonly OperationName[] = [
  'openTransactions',
  'newestRows',
  'waitApplied',
  'clientSessions',
  'preparedTransactions',
  'readCanary',
  'proveFence',
  'fence',
  'persistFence',
  'promote',
  'writeCanary',
];

/** A person pressed Retry until nothing was wrong any more, and long after that, and the source is not given back still. */
function stuckUndo(scene: Scene): string | null {
  const { run, simulator, disturbed, script } = scene;
  const unwind = run?.steps['unwind'];
  if (run === null || run.ponrAt !== null || run.outcome !== 'needs-operator' || unwind?.state !== 'failed')
    return null;
  // Where a switch acted in the passage it opened the source itself, and keeps the locks until a person looked.
  if (script.plan.chains.some((chain) => isHeldBySwitch(scene, chain)))
    return script.plan.chains
      .filter((chain) => isHeldBySwitch(scene, chain))
      .flatMap(({ source }) => source.masters.map(({ instance }) => find(simulator, instance)))
      .some((server) => !takesWrites(server) && !bootsShut(server, disturbed))
      ? unwind.text
      : null;
  return isCalm(scene) ? unwind.text : null;
}

/** Whether everything that a person looks at answers again, and has for long enough. */
export function isCalm({ simulator, disturbed }: Scene): boolean {
  const { world, clock } = simulator;
  const places = [laptopSite, ...world.plan.sites.map(({ id }) => id)];
  const isWell =
    // Nothing may be given back to a server that is another one: that is for a person.
    [...world.servers.values()].every(({ power, replacedBy }) => power === 'up' && replacedBy === null) &&
    [...world.hosts.values()].every(({ reachable }) => reachable) &&
    !places.some((from) => places.some((to) => world.network.isCut(from, to))) &&
    !world.replyFaults.some(({ times, operation }) => times > 0 && !besideTheUndo.includes(operation));
  const last = Math.max(0, ...[...disturbed.values()].map(({ atMs }) => atMs));
  return isWell && clock.nowMs() - last > patienceMs;
}

function notRestored({ run, before, simulator, disturbed, script }: Scene): string | null {
  if (run?.outcome !== 'thawed') return null;
  const changed = [...disturbed].flatMap(([id, { kinds }]) =>
    lasting.some((kind) => kinds.has(kind)) ? [id] : [],
  );
  const gone = simulator.happened.some(
    ({ fault }) => fault.kind === 'host-unreachable' || fault.kind === 'failed-switch',
  );
  const after = touchable(simulator);
  const said = run.steps['unwind']?.text ?? '';
  // An epoch, a fence that was only laid ready and a switch (what it opens is open) are harmless where their host could not
  // be reached any more, as long as the undo names them.
  // So is the forward link of a target that another laptop had begun to promote: only a person configures it again.
  const isNamed = (line: string): boolean => {
    const receiver = /^(\S+) link /.exec(line)?.[1];
    if (receiver !== undefined && said.includes('no longer follows its source'))
      return said.includes(receiver);
    const host = /^(\S+) file (?:\S+\.(?:epoch|staged)|~\/\.cutover-\S+)$/.exec(line)?.[1];
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
  const reverse = script.plan.chains.find(
    (chain) =>
      chain.wayBack === 'reverse' &&
      find(simulator, reverseEnds(chain).receiver).links.some(
        ({ channel }) => channel === reverseChannelOf(chain),
      ),
  );
  return reverse === undefined ? null : `a reverse link is left in ${reverse.id}`;
}
