import type { DecidedRecord } from '../../shared/audit/record.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Thread } from '../../main/simulator/world.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import { isInside } from './cells.ts';
import { hitsOf, lineHit, replyHit } from './hits.ts';
import { knownLost, leftBehind } from './left-behind.ts';
import type { MemoryJournal } from './memory-journal.ts';
import type { NightScript } from './night-script.ts';
import { aloneRules } from './rules-alone.ts';
import { concludeRules, concludesOnceHealthy } from './rules-conclude.ts';
import { endRules, type Ended } from './rules-end.ts';
import { journalRules } from './rules-journal.ts';
import { beginFrom, oneDriver, watchTwoDrivers, type Overtaking } from './rules-driver.ts';
import { runRules } from './rules-run.ts';
import { zoneRules } from './rules-zones.ts';
import { wayBackAtThePoint, wayBackRules } from './rules-way-back.ts';
import { changes, statementRules } from './rules-statements.ts';
import { noteFault } from './note-fault.ts';
import { recordText } from './record-text.ts';
import { namedAsLost, type Hit, type Scene, type Violation } from './scene.ts';

type Watching = {
  readonly script: NightScript;
  readonly simulator: Simulator;
  readonly journal: MemoryJournal;
  readonly trace: ((line: string) => void) | null;
  /** Chains that an earlier way excused already; see Scene.excused. */
  readonly excused: ReadonlySet<string>;
};

/** What a broken rule is called, and the law behind it. */
export type Named = { readonly name: string; readonly law: string };

export type Rules = {
  readonly violations: readonly Violation[];
  readonly hits: readonly Hit[];
  /** The release is about to be pressed; this is what a run may touch, as it is now. */
  readonly release: (before: readonly string[]) => void;
  /** The cockpit is dead; what servers still believe of it may stay, where they did not notice. */
  readonly died: (run: Run, noticed: boolean) => void;
  /** Whether it died inside the fence, the proofs, the narrow passage or the promotion. */
  readonly diedInside: () => boolean;
  /** Nobody came after that, and every dead-man's switch had its time. */
  readonly leftAlone: () => void;
  /** Another laptop has the run from here on, by the journal that it found; the one before may still believe to drive. */
  readonly overtaken: (by: Overtaking) => void;
  /** Another cockpit could not take the run up again; whether that is right. */
  readonly refused: (why: string) => boolean;
  /** After every event of the run. */
  readonly see: (run: Run) => void;
  readonly end: (ended: Ended & { readonly run: Run | null }) => void;
  /** What is left of the cockpit on some server; null: nothing. */
  readonly leftBehind: () => string | null;
  /** After the cockpit is gone. */
  readonly afterwards: () => void;
  /** Says that a rule broke that only whoever plays the night can see; null: it holds. */
  readonly broken: (rule: Named, seen: string | null) => void;
  readonly excused: ReadonlySet<string>;
  /** From now on another way's rules hold. */
  readonly detach: () => void;
};

/** Holds every rule of a night against the world: at each statement, after each event, and at the end. */
export function watchRules({ script, simulator, trace, excused, ...watching }: Watching): Rules {
  let { journal } = watching;
  const violations: Violation[] = [];
  const hits: Hit[] = [];
  const ghosts = new Set<Thread>();
  let inside = false;
  let over = false;
  // Nobody has taken the run up: what its dead cockpit holds stays until a person has looked.
  let untaken = false;
  const before: string[] = [];
  const scene: Scene = {
    script,
    simulator,
    before,
    pending: new Map(),
    intended: new Set(),
    intents: new Map(),
    arrived: new Map(),
    disturbed: new Map(),
    excused: new Set(excused),
    released: false,
    seq: 0,
    ponrSeq: null,
    thawIntended: false,
    diedAtMs: null,
    run: null,
  };
  const drivers = watchTwoDrivers();
  let happened = simulator.happened.length;
  let attached = true;
  let told = '';

  const broken = ({ name, law }: Named, seen: string | null): void => {
    if (seen === null || violations.some(({ rule }) => rule === name)) return;
    violations.push({ rule: name, law, seen, atMs: simulator.clock.nowMs() });
    say(`BROKEN ${law} ${name}: ${seen}`);
  };
  const say = (text: string): void => trace?.(`${simulator.clock.nowMs().toFixed(2).padStart(10)}  ${text}`);

  const readJournal = (): void => {
    for (; scene.seq < journal.appended.length; scene.seq += 1) {
      const payload = journal.appended[scene.seq]?.payload;
      if (payload?.kind === 'event') takeRecord(payload);
    }
  };
  const takeRecord = (record: DecidedRecord): void => {
    for (const rule of journalRules) broken(rule, rule.check(scene, record));
    const { event } = record;
    if (event.kind === 'answered') scene.pending.delete(event.key);
    // Nobody is there any more who would hear an answer to what the one before had asked.
    if (event.kind === 'resumed') scene.pending.clear();
    if (event.kind === 'abort-asked') hits.push(...hitsOf(scene.run, 'abort'));
    for (const command of record.intended) {
      const { key, action } = command;
      scene.intended.add(key);
      scene.pending.set(key, { command, sinceMs: simulator.clock.port.now().monoMs });
      if (action.kind !== 'mysql') continue;
      const name = `${action.operation} on ${action.instance}`;
      scene.intents.set(name, (scene.intents.get(name) ?? 0) + 1);
      scene.thawIntended ||= action.operation === 'thaw';
    }
    if (record.pointOfNoReturn) scene.ponrSeq = scene.seq;
    if (trace !== null) say(recordText(record));
  };
  /** Faults inject themselves; what they mean for the rules is noted as soon as they have happened. */
  const readFaults = (): void => {
    for (; happened < simulator.happened.length; happened += 1) {
      const scripted = simulator.happened[happened];
      if (scripted === undefined) continue;
      say(`FAULT ${JSON.stringify(scripted.fault)}`);
      hits.push(...noteFault(scene, scripted.fault));
    }
  };

  simulator.world.onOperation.push(({ edge, instance, thread, operation }) => {
    if (!attached) return;
    if (!changes(operation) && simulator.world.replyFaults.length === 0) return;
    readFaults();
    readJournal();
    const server = simulator.world.servers.get(instance);
    // What a stopped process has before it arrives once more when that goes on.
    if (server === undefined || (edge === 'before' && server.power !== 'up')) return;
    const hit = edge === 'before' ? replyHit(scene, instance, operation) : null;
    if (hit !== null) hits.push(hit);
    if (!changes(operation)) return;
    say(`${edge === 'before' ? '→' : '✓'} ${operation} on ${instance}`);
    const name = `${operation} on ${instance}`;
    if (edge === 'before') broken(oneDriver, drivers.arrives({ instance, thread, operation }));
    const isOusted = drivers.isOusted({ instance, thread });
    if (edge === 'before' && scene.released && !isOusted)
      scene.arrived.set(name, (scene.arrived.get(name) ?? 0) + 1);
    for (const rule of statementRules) {
      if (rule.edge !== edge || (rule.byJournal === true && isOusted)) continue;
      if (rule.operations === 'effects' || rule.operations.includes(operation))
        broken(rule, rule.check(scene, server, operation));
    }
  });

  simulator.world.onHostLine.push((host, way) => {
    if (!attached || way === null) return;
    say(`→ a line at ${host} that fails (${way})`);
    const hit = lineHit(scene, host, way);
    if (hit !== null) hits.push(hit);
  });

  const tellSteps = (run: Run): void => {
    if (run.steps === scene.run?.steps) return;
    for (const step of Object.values(run.steps)) {
      const was = scene.run?.steps[step.key];
      if (was?.state === step.state && was.attempt === step.attempt) continue;
      if (was === undefined && step.state === 'waiting') continue;
      if (trace !== null) say(`${step.key} ${step.state}: ${step.text}`);
      if (step.state !== 'waiting' && step.state !== 'absent' && step.state !== 'undone') {
        const line = `|${step.key} ${step.state}|`;
        if (told.includes(line)) continue;
        told += line;
        simulator.onStep(step.key, step.state);
      }
    }
  };

  // A lock that nobody noticed lost stays where the run was over already, and where its undo says that it may. An undo that
  // a person must finish gives locks back last: until then the emergency sheet begins with ending the run's sessions.
  const left = (): string | null => {
    const { state, text: said = '' } = scene.run?.steps['unwind'] ?? {};
    const { text: locked = '' } = scene.run?.steps['lock'] ?? {};
    // Close ends what is left of a dead cockpit, or names it: of a session that came about as it died nobody has the number.
    const closed = scene.run?.outcome === 'done' && scene.run.phase === 'ended';
    const { text: closing = '' } = scene.run?.steps['close'] ?? {};
    const unknown = [...ghosts].filter(({ id }) => !knownLost(scene.run).includes(id));
    return leftBehind(simulator, closed ? new Set(unknown) : ghosts, {
      mayHold: (id) => over || untaken || state === 'failed' || said.includes(` on ${id}`),
      // Sessions of a dead cockpit on a server that did not answer when the run was taken up again, which says so.
      isNamed: (id) => (closed ? closing.includes(` on ${id} (`) : namedAsLost(locked, id)),
    });
  };

  return {
    violations,
    hits,
    release: (lines) => {
      before.push(...lines);
      scene.released = true;
    },
    died: (run, noticed) => {
      readJournal();
      say('CRASH of the cockpit');
      // What it thought last and did not write down, nobody knows.
      scene.run = run;
      hits.push(...hitsOf(run, 'crash'));
      over = whyOver(run) !== null;
      scene.diedAtMs = simulator.clock.nowMs();
      inside = Object.values(run.steps).some(
        ({ step, state }) => state === 'running' && isInside({ id: step }),
      );
      for (const { threads } of noticed ? [] : simulator.world.servers.values())
        for (const thread of threads.values()) if (thread.owner === 'cockpit') ghosts.add(thread);
    },
    diedInside: () => inside,
    leftAlone: () => {
      if (violations.length > 0) return;
      for (const rule of aloneRules) broken(rule, rule.check(scene));
    },
    overtaken: (by) => {
      readJournal();
      say('ANOTHER LAPTOP takes over');
      journal = by.journal;
      drivers.overtaken(by);
      beginFrom(scene, by);
    },
    // A run is not taken up on a stranger at one of its addresses: who refuses that, and says so, keeps I7.
    refused: (why) => {
      const strangers = [...simulator.world.servers.values()].some(({ replacedBy }) => replacedBy !== null);
      if (strangers && why.includes('reached another server than this run began with')) {
        untaken = true;
        return true;
      }
      broken({ name: 'resumeIsTotal', law: 'R6' }, why);
      return false;
    },
    see: (run) => {
      if (!attached) return;
      readJournal();
      readFaults();
      for (const rule of [...runRules, ...concludeRules, ...zoneRules, wayBackAtThePoint])
        broken(rule, rule.check(scene, run, scene.run));
      const last = scene.run;
      if (last?.outcome === null && run.outcome !== null)
        say(`OUTCOME ${run.outcome} ${run.abortReason ?? ''}`);
      if (last?.ponrAt === null && run.ponrAt !== null) say('POINT OF NO RETURN');
      tellSteps(run);
      scene.run = run;
      readFaults();
    },
    end: ({ run, ...ended }) => {
      readFaults();
      if (run === null) return;
      // What a broken rule left half done says nothing more.
      if (violations.length > 0) return;
      scene.run = run;
      for (const rule of [...endRules, ...wayBackRules, concludesOnceHealthy])
        broken(rule, rule.check(scene, ended));
    },
    leftBehind: () => left(),
    afterwards: () => {
      if (violations.length === 0) broken({ name: 'nothingLeftBehind', law: 'R18' }, left());
    },
    broken,
    excused: scene.excused,
    detach: () => {
      attached = false;
    },
  };
}
