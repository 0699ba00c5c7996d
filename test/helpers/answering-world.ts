import type { DecidedRecord, JournalRecord, Payload } from '../../shared/audit/record.ts';
import { present } from '../../shared/lib/assert.ts';
import { placeOfAction } from '../../shared/audit/command-text.ts';
import type { DnsZone } from '../../shared/plan/plan-dns.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';
import { plannedZones, prepareZone, type PreparedZone } from '../../shared/steps/prepared-zone.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { Command } from '../../shared/steps/command.ts';
import { decide, emptyRun } from '../../shared/steps/decide.ts';
import type { Moment, RunEvent } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import { performHonestly, threadOf, type Model } from './model-operations.ts';
import { modelZones } from './model-zones.ts';
import { modelHosts, modelServers, threadsOf, type ModelServer } from './model-servers.ts';

/** One call as a script sees it. `occurrence` counts from 1 within the same place and operation. */
export type Call = {
  readonly command: Command;
  readonly where: string;
  readonly operation: string;
  readonly occurrence: number;
};

/** What a script does with a call: another answer, with or without the effect, or the honest one later; undefined: honest. */
export type Scripted = {
  readonly answer?:
    | 'time-limit'
    | 'session-lost'
    | 'not-connected'
    | { readonly code: number | null }
    | { readonly refusal: ZoneRefusal }
    | { readonly value: unknown };
  /** Whether the world does what was asked, whatever the answer says. */
  readonly effect?: boolean;
  readonly afterMs?: number;
};
export type Script = (call: Call, model: Model) => Scripted | undefined;

type Outstanding = { readonly call: Call; readonly dueMs: number; readonly scripted: Scripted | undefined };

/** A plan's world that answers what `decide` asks, event by event, on a clock that is a number. No I/O. */
export type AnsweringWorld = {
  readonly model: Model;
  readonly server: (instance: string) => ModelServer;
  readonly run: () => Run;
  readonly nowMs: () => number;
  /** Every record so far, as a journal would hold it. */
  readonly records: readonly JournalRecord[];
  /** Every command in the order it was intended, with the number of its record. */
  readonly intents: readonly { readonly seq: number; readonly command: Command }[];
  readonly outstanding: () => readonly string[];
  readonly post: (event: RunEvent) => void;
  /** Answers one outstanding command now. */
  readonly answer: (key: string) => void;
  readonly passMs: (ms: number) => void;
  /** Answers everything in the order it is due, and tells of time when it is due, until nothing is left to happen. */
  readonly finish: (until?: (run: Run) => boolean) => Run;
  /** Milliseconds of processor time spent inside `decide`. */
  readonly cpuMs: () => number;
};

const latencyMs = 1;
const mostEvents = 20_000;
const begunUtcMs = Date.UTC(2026, 10, 23, 2, 0, 0);

/** Opens the world of a plan at its first hold; `released` says whether the first hold is released at once. */
export function openWorld(plan: Plan, script: Script = () => undefined, released = true): AnsweringWorld {
  const model: Model = {
    plan,
    servers: modelServers(plan),
    hosts: modelHosts(plan),
    zones: modelZones(plan),
    controls: new Map(
      plan.dns?.flip?.cluster?.controls.map(({ arn, standsFor }) => [
        arn,
        standsFor === 'source' ? 'On' : 'Off',
      ]),
    ),
  };
  let monoMs = 0;
  const moment = (): Moment => ({ utcMs: begunUtcMs + monoMs, monoMs });
  let run = emptyRun('test-run', plan, moment());
  let spentMs = 0;
  const counts = new Map<string, number>();
  const records: JournalRecord[] = [];
  const intents: { readonly seq: number; readonly command: Command }[] = [];
  const waiting = new Map<string, Outstanding>();

  const write = (payload: Payload): void => {
    // As a journal keeps it: what JSON cannot hold is not there when the run is folded.
    records.push(
      JSON.parse(
        JSON.stringify({ seq: records.length + 1, at: moment(), prev: '', payload, hash: '' }),
      ) as JournalRecord,
    );
  };
  const issue = (command: Command): void => {
    const { action } = command;
    const where = placeOfAction(action);
    const operation =
      action.kind === 'mysql'
        ? action.operation
        : action.kind === 'zone' || action.kind === 'routing'
          ? action.ask
          : action.kind;
    const occurrence = (counts.get(`${where} ${operation}`) ?? 0) + 1;
    counts.set(`${where} ${operation}`, occurrence);
    const call = { command, where, operation, occurrence };
    const scripted = script(call, model);
    // The port answers for a server that does not: no call is without an answer for longer than its limit.
    const limitMs =
      scripted?.answer === 'time-limit'
        ? command.limitMs
        : Math.min(scripted?.afterMs ?? latencyMs, command.limitMs);
    waiting.set(command.key, { call, dueMs: monoMs + limitMs, scripted });
    intents.push({ seq: records.length, command });
  };
  const post = (event: RunEvent): void => {
    const begin = process.cpuUsage();
    const decision = decide(run, plan, { moment: moment(), event });
    spentMs += process.cpuUsage(begin).user / 1_000;
    run = decision.run;
    const record: DecidedRecord = {
      kind: 'event',
      event,
      intended: decision.commands,
      changed: decision.changed,
      pointOfNoReturn: decision.pointOfNoReturn,
    };
    write(record);
    for (const command of decision.commands) issue(command);
  };
  const answer = (key: string): void => {
    const { call, scripted } = present(waiting.get(key), key);
    waiting.delete(key);
    const late = scripted?.afterMs !== undefined && scripted.afterMs > call.command.limitMs;
    post({
      kind: 'answered',
      key,
      answer: answerTo(model, call, {
        scripted: late ? { answer: 'time-limit', effect: true } : scripted,
        nowMs: monoMs,
      }),
    });
  };
  const next = (): Outstanding | undefined =>
    [...waiting.values()].reduce<Outstanding | undefined>(
      (first, one) => (first === undefined || one.dueMs < first.dueMs ? one : first),
      undefined,
    );
  const finish = (until: (run: Run) => boolean = () => false): Run => {
    for (let events = 0; !until(run); events += 1) {
      if (events > mostEvents)
        throw new Error(
          `the run does not come to rest: ${JSON.stringify(Object.values(run.steps).filter(({ state }) => state === 'running'))}`,
        );
      const due = next();
      const wakeMs = run.wakeAtMonoMs;
      if (wakeMs !== null && (due === undefined || wakeMs < due.dueMs)) {
        monoMs = Math.max(monoMs, wakeMs);
        post({ kind: 'time' });
      } else if (due !== undefined) {
        monoMs = Math.max(monoMs, due.dueMs);
        answer(due.call.command.key);
      } else return run;
    }
    return run;
  };

  write({
    kind: 'run',
    format: 1,
    runId: 'test-run',
    plan,
    planDigest: '',
    planJournalHead: null,
    program: 'test',
    driver: 'Dana',
    verdicts: [],
    forecast: [],
  });
  post(begun(plan, model));
  if (released) post({ kind: 'released', hold: plan.holds[0]?.before ?? 'lock', who: 'Dana' });
  return {
    model,
    records,
    intents,
    post,
    answer,
    finish,
    server: (instance) => present(model.servers.get(instance), instance),
    run: () => run,
    nowMs: () => monoMs,
    outstanding: () => [...waiting.keys()],
    passMs: (ms) => {
      monoMs += ms;
    },
    cpuMs: () => spentMs,
  };
}

function preparedOf({ plan, zones }: Model, zone: DnsZone): PreparedZone {
  const sets = zones.get(zone.id)?.sets ?? [];
  const prepared = prepareZone(present(plan.dns, 'the DNS of the plan'), zone, {
    account: '111122223333',
    sets,
  });
  if (!prepared.ok) throw new Error(prepared.error.join('; '));
  return prepared.value;
}

function begun(plan: Plan, model: Model): RunEvent {
  const { servers } = model;
  const nodes = [...servers.values()];
  const identity = (server: ModelServer): Identity => ({
    flavor: server.flavor,
    version: '10.11.19',
    versionText: '10.11.19',
    serverUuid: server.uuid,
    serverId: server.serverId,
    hostname: server.id,
    port: 3306,
    datadir: '/var/lib/mysql',
    gtidState: server.gtid,
    connectionId: 0,
    account: 'cutover@localhost',
  });
  return {
    kind: 'begun',
    who: 'Dana',
    unattended: false,
    threads: Object.fromEntries(nodes.map(({ id }, index) => [id, threadsOf(index)])),
    identities: Object.fromEntries(nodes.map((server) => [server.id, identity(server)])),
    fragileTables: Object.fromEntries(plan.instances.map(({ id }) => [id, []])),
    proofTables: Object.fromEntries(plan.chains.map(({ id, proofTables }) => [id, proofTables ?? []])),
    zones: plannedZones(plan.dns).map((zone) => preparedOf(model, zone)),
  };
}

function answerTo(
  model: Model,
  { command }: Call,
  { scripted, nowMs }: { readonly scripted: Scripted | undefined; readonly nowMs: number },
): Answer<unknown> {
  const told = scripted?.answer;
  const { action } = command;
  // A session whose thread was ended brings no answer any more.
  if (
    action.kind === 'mysql' &&
    model.servers.get(action.instance)?.dead.has(threadOf(model, action)) === true
  ) {
    return { kind: 'none', why: 'session-lost', message: 'Connection lost', takenAt: nowMs, tookMs: 1 };
  }
  if (told === undefined) return performHonestly(model, action, nowMs);
  if (scripted?.effect === true) performHonestly(model, action, nowMs);
  if (typeof told === 'string')
    return { kind: 'none', why: told, message: `scripted: ${told}`, takenAt: nowMs, tookMs: 1 };
  if ('value' in told) return { kind: 'ok', value: told.value, takenAt: nowMs, tookMs: 1 };
  if ('refusal' in told)
    return {
      kind: 'refused',
      code: null,
      message: told.refusal,
      refusal: told.refusal,
      takenAt: nowMs,
      tookMs: 1,
    };
  return { kind: 'refused', code: told.code, message: 'scripted refusal', takenAt: nowMs, tookMs: 1 };
}
