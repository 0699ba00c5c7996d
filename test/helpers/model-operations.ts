import { present } from '../../shared/lib/assert.ts';
import { sha256 } from '../../shared/lib/sha256.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Activity } from '../../shared/sessions/operations.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { Action, MysqlCommand, RoutingCommand, ZoneCommand } from '../../shared/steps/command.ts';
import type { RoutingState } from '../../shared/sessions/zone-answers.ts';
import { replyOfZone, type ModelZone } from './model-zones.ts';
import { reverseChannel } from '../../shared/plan/reverse-ends.ts';
import { factsOf, runningLink, threadsOf, type ModelHost, type ModelServer } from './model-servers.ts';

/** Everything the model's operations touch. */
export type Model = {
  readonly plan: Plan;
  readonly servers: Map<string, ModelServer>;
  readonly hosts: Map<string, ModelHost>;
  readonly zones: Map<string, ModelZone>;
  /** States of the flip's routing controls. */
  readonly controls: Map<string, RoutingState>;
};

type Reply = { readonly value: unknown } | { readonly code: number | null; readonly message: string };
const nothing: Reply = { value: {} };
const guarded: Reply = { code: 1242, message: 'Subquery returns more than 1 row' };

/** Does what an action does in a world without trouble, and gives its answer. */
export function performHonestly(model: Model, action: Action, nowMs: number): Answer<unknown> {
  if (action.kind === 'zone') {
    const answer = replyOfZone(present(model.zones.get(action.zone), action.zone), action, nowMs);
    return 'value' in answer
      ? { kind: 'ok', value: answer.value, takenAt: nowMs, tookMs: 1 }
      : { kind: 'refused', code: null, ...answer, takenAt: nowMs, tookMs: 1 };
  }
  if (action.kind === 'routing') {
    if (action.ask === 'set')
      for (const [arn, state] of Object.entries(action.states)) model.controls.set(arn, state);
    const asked = action.ask === 'read' ? action.controls : [];
    const value = Object.fromEntries(asked.map((arn) => [arn, model.controls.get(arn)]));
    return { kind: 'ok', value, takenAt: nowMs, tookMs: 1 };
  }
  const reply = replyTo(model, action, nowMs);
  if ('value' in reply) return { kind: 'ok', value: reply.value, takenAt: nowMs, tookMs: 1 };
  return { kind: 'refused', code: reply.code, message: reply.message, takenAt: nowMs, tookMs: 1 };
}

function replyTo(model: Model, action: Exclude<Action, ZoneCommand | RoutingCommand>, nowMs: number): Reply {
  if (action.kind === 'app-canary') return { value: { ms: 3 } };
  if (action.kind === 'mirror') return { value: {} };
  if (action.kind === 'mysql') return replyOfServer(model, action, nowMs);
  const host = present(model.hosts.get(action.host), action.host);
  if (action.kind === 'ssh-epoch') {
    const path = `~/epoch-${host.id}`;
    if (action.order === 'take') host.files.set(path, '1');
    else host.files.delete(path);
    return { value: { stdout: '', stderr: '' } };
  }
  if (action.kind === 'ssh-move') {
    const content = host.files.get(action.from);
    if (content === undefined) return { code: 1, message: `mv: cannot stat '${action.from}'` };
    host.files.set(action.to, content);
    host.files.delete(action.from);
    return { value: { stdout: '', stderr: '' } };
  }
  if (action.kind === 'ssh-file') {
    if (action.content === null) host.files.delete(action.path);
    else host.files.set(action.path, action.content);
    return { value: { sha256: action.content === null ? null : sha256(action.content) } };
  }
  return (
    lookedAt(host, action.argv) ?? { value: { stdout: runOnHost(model, host, action.argv), stderr: '' } }
  );
}

/** Whether a file is there, and what is in it. */
function lookedAt({ files }: ModelHost, argv: readonly string[]): Reply | null {
  const path = argv.at(-1) ?? '';
  const nothing = { code: 1, message: 'exit status 1' };
  const stdout = (text: string): Reply => ({ value: { stdout: text, stderr: '' } });
  if (argv[0] === 'test') return files.has(path) === (argv[1] !== '!') ? stdout('') : nothing;
  if (argv[0] !== 'sha256sum') return null;
  const content = files.get(path);
  return content === undefined ? nothing : stdout(`${sha256(content)}  ${path}\n`);
}

function runOnHost({ plan }: Model, host: ModelHost, argv: readonly string[]): string {
  const line = argv.join(' ');
  const script = argv.find((word) => word.startsWith('.cutover-'));
  if (script !== undefined) return runSwitch(host, script.replace(/\.sh$/, ''), argv.at(-1) ?? '');
  for (const fleet of plan.appFleets.filter(({ hosts }) => hosts.some((entry) => entry.host === host.id))) {
    if (line === fleet.verify.join(' ')) return `${host.site}\n`;
    for (const [site, command] of Object.entries(fleet.switch))
      if (line === command.join(' ')) host.site = site;
    if (line === fleet.maintenance?.on.join(' ')) host.maintenance = true;
    if (line === fleet.maintenance?.off.join(' ')) host.maintenance = false;
  }
  return '';
}

/** A switch that is armed, claimed and stands down; in this world none of them ever fires. */
function runSwitch(host: ModelHost, name: string, order: string): string {
  if (order === 'arm') host.files.set(`~/${name}/armed`, '');
  if (order === 'arm' || order === 'claim') return '1 4711\n';
  for (const path of [...host.files.keys()]) if (path.startsWith(`~/${name}`)) host.files.delete(path);
  return 'stood down and gone\n';
}

function replyOfServer(model: Model, action: MysqlCommand, nowMs: number): Reply {
  const server = present(model.servers.get(action.instance), action.instance);
  const thread = threadOf(model, action);
  return (
    replyToLock(server, action, thread) ??
    replyToLink(server, action) ??
    replyToRead(server, action, { thread, nowMs }) ??
    replyToEffect(model, server, action)
  );
}

/** The thread of the session an action goes to. */
export function threadOf(model: Model, { instance, session }: MysqlCommand): number {
  return threadsOf([...model.servers.keys()].indexOf(instance))[session];
}

function replyToLock(server: ModelServer, action: MysqlCommand, thread: number): Reply | null {
  const ours = server.lockHolder === thread;
  switch (action.operation) {
    case 'takeLock':
      server.lockHolder ??= thread;
      return { value: { held: server.lockHolder === thread, holder: server.lockHolder } };
    case 'fence':
      if (ours) server.readOnly = true;
      return ours ? nothing : guarded;
    case 'thaw': {
      const may =
        ours || (server.lockHolder !== null && action.input.lockHolders.includes(server.lockHolder));
      if (may) server.readOnly = false;
      return may ? nothing : guarded;
    }
    case 'promote':
      if (ours) server.readOnly = false;
      return ours ? nothing : guarded;
    case 'persistFence':
      return { value: { durable: server.flavor === 'mysql' } };
    default:
      return null;
  }
}

function replyToLink(server: ModelServer, action: MysqlCommand): Reply | null {
  if (action.operation === 'configureLink') {
    const { channel } = action.input;
    const link = {
      ...runningLink(channel, { file: 'log.000001', offset: 4 }),
      receiver: 'stopped',
      applier: 'stopped',
    } as const;
    server.links = [...server.links.filter((other) => other.channel !== channel), link];
    return nothing;
  }
  if (
    action.operation !== 'stopLink' &&
    action.operation !== 'startLink' &&
    action.operation !== 'removeLink'
  )
    return null;
  const { channel } = action.input;
  const link = server.links.find((other) => other.channel === channel);
  if (link === undefined)
    return action.operation === 'removeLink'
      ? nothing
      : { code: 1617, message: 'There is no such connection' };
  const others = server.links.filter((other) => other !== link);
  const state = action.operation === 'startLink' ? 'running' : 'stopped';
  server.links =
    action.operation === 'removeLink' ? others : [...others, { ...link, receiver: state, applier: state }];
  return nothing;
}

function replyToRead(
  server: ModelServer,
  action: MysqlCommand,
  { thread, nowMs }: { readonly thread: number; readonly nowMs: number },
): Reply | null {
  switch (action.operation) {
    case 'fastFacts':
      return { value: factsOf(server, thread, nowMs) };
    case 'state': {
      const { links: _links, beats: _beats, eventScheduler: _on, ...facts } = factsOf(server, thread, nowMs);
      const { threadsRunning: _running, writesCounted: _counted, ...state } = facts;
      return { value: state };
    }
    case 'links':
      return { value: { links: factsOf(server, thread, nowMs).links } };
    case 'clientSessions':
      return { value: { sessions: [...server.sessions] } };
    case 'activity':
      return { value: activityOf(server) };
    case 'accounts':
      return { value: { accounts: [...server.accounts] } };
    case 'runningStatements':
      return { value: { running: [] } };
    case 'openTransactions':
      return { value: { transactions: [...server.transactions] } };
    case 'preparedTransactions':
      return { value: { xids: [...server.xids] } };
    case 'threadsAlive':
      return {
        value: {
          alive: action.input.threads.filter((id) =>
            server.sessions.some((session) => session.thread === id),
          ),
        },
      };
    case 'newestRows':
      return {
        value: {
          tables: action.input.tables.map((table) => ({
            table,
            rows: 20,
            sha256: `rows of ${server.chain.id}`,
          })),
        },
      };
    case 'readCanary':
      return { value: { found: server.canaries.has(action.input.id) } };
    case 'waitApplied':
      return { value: { waitedMs: 0 } };
    case 'proveFence':
      return { value: { errorNumber: server.readOnly ? 1290 : null } };
    default:
      return null;
  }
}

/** A server that shows no locks, as MariaDB without its plugin. */
function activityOf({ sessions, transactions }: ModelServer): Activity {
  return {
    sessions: [...sessions],
    transactions: [...transactions],
    locks: { holders: [], unseen: 'this model shows no locks' },
  };
}

function replyToEffect(model: Model, server: ModelServer, action: MysqlCommand): Reply {
  switch (action.operation) {
    case 'setEventScheduler':
      server.scheduler = action.input.on;
      return nothing;
    case 'lockAccounts': {
      const { accounts, locked } = action.input;
      server.accounts = server.accounts.map((each) =>
        accounts.includes(each.account) ? { ...each, locked } : each,
      );
      return nothing;
    }
    case 'killThreads': {
      const { threads } = action.input;
      for (const thread of threads) server.dead.add(thread);
      server.sessions = server.sessions.filter(({ thread }) => !threads.includes(thread));
      server.transactions = server.transactions.filter(({ thread }) => !threads.includes(thread));
      if (server.lockHolder !== null && threads.includes(server.lockHolder)) server.lockHolder = null;
      return nothing;
    }
    case 'writeCanary':
      if (server.readOnly)
        return { code: 1290, message: 'The server is running with the --read-only option' };
      for (const other of model.servers.values())
        if (other.chain.id === server.chain.id && receives(model, other)) other.canaries.add(action.input.id);
      server.canaries.add(action.input.id);
      return nothing;
    case 'removeSchema':
      server.schema = false;
      return nothing;
    default:
      return nothing;
  }
}

/** Target nodes always; source nodes when one of their side follows the target. */
function receives(model: Model, server: ModelServer): boolean {
  const { source } = server.chain;
  const isSource = [...source.masters, ...source.slaves].some(({ instance }) => instance === server.id);
  const reversed = source.masters.some(({ instance }) =>
    model.servers
      .get(instance)
      ?.links.some(({ channel, applier }) => channel === reverseChannel && applier === 'running'),
  );
  return !isSource || reversed;
}
