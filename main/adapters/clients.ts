import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credential, Plan, SyntheticClient } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import { known, unknown } from '../../shared/observations/observation.ts';
import type { Observation } from '../../shared/observations/observation.ts';
import type { ClientFacts } from '../../shared/observations/snapshot.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { ClientsPort } from '../ports.ts';
import { answersFrom } from './answers.ts';
import { appEnd } from './app-account.ts';
import type { AppAccount } from './app-account.ts';
import type { ClientConfig } from './client-config.ts';
import { startClient } from './client-process.ts';
import type { ClientProcess } from './client-process.ts';
import { httpPath } from './http-path.ts';
import type { HttpEnd } from './http-path.ts';
import { LogTail } from './log-tail.ts';
import { findMissing } from './missing-writes.ts';

export type ClientsOptions = {
  /** The run's directory: the logs stand in it, one a client. */
  readonly directory: string;
  readonly resolve: (credential: Credential) => Promise<AppAccount>;
  /** How a client process is started, when not by this Node from the sources. */
  readonly command?: readonly string[];
};

type Running = {
  readonly planned: SyntheticClient;
  readonly tail: LogTail;
  readonly process: ClientProcess | null;
  readonly startedAt: number;
  /** Why it could not be started. */
  readonly problem: string | null;
};

const startLimitMs = 10_000;
const stopLimitMs = 5_000;
const followMs = 200;

/**
 * The plan's synthetic clients as processes of their own. The cockpit starts and stops them and reads their logs; what
 * they do and measure in between is theirs alone.
 */
export function createClients(plan: Plan, options: ClientsOptions): ClientsPort {
  const command = options.command ?? [process.execPath, clientEntry()];
  let running: readonly Running[] = [];
  let following: NodeJS.Timeout | null = null;
  let starting: Promise<void> | null = null;

  const startAll = async (): Promise<void> => {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    running = await Promise.all(plan.clients.map((planned) => startOne(planned)));
    await follow();
    following = setInterval(() => void follow(), followMs);
    following.unref();
  };
  const startOne = async (planned: SyntheticClient): Promise<Running> => {
    const logFile = join(options.directory, `client-${planned.id}.jsonl`);
    const tail = new LogTail(logFile);
    try {
      const config = await configOf(planned, logFile);
      return {
        planned,
        tail,
        process: await startClient(config, { command, limitMs: startLimitMs }),
        startedAt: Date.now(),
        problem: null,
      };
    } catch (error) {
      // A credential or a certificate that cannot be read: the gate shows why, the others write on.
      return {
        planned,
        tail,
        process: null,
        startedAt: Date.now(),
        problem: error instanceof Error ? error.message : String(error),
      };
    }
  };
  const configOf = async (planned: SyntheticClient, logFile: string): Promise<ClientConfig> => {
    const { id: client, chain, intervalMs, limitMs } = planned;
    const common = { client, chain, logFile, intervalMs, limitMs };
    if (planned.kind === 'http') {
      return { ...common, kind: 'http', writeUrl: planned.writeUrl, readUrl: planned.readUrl };
    }
    const { user, password } = await options.resolve(planned.account);
    const [source, target] = await Promise.all([endOf(planned.source), endOf(planned.target)]);
    return { ...common, kind: 'mysql', table: planned.table, user, password, source, target };
  };
  const endOf = (id: string): ReturnType<typeof appEnd> => {
    const instance = plan.instances.find((each) => each.id === id);
    if (instance === undefined) throw new Error(`the plan has no instance ${id}`);
    return appEnd(instance);
  };
  const follow = async (): Promise<void> => {
    await Promise.all(running.map(({ tail }) => tail.follow()));
  };

  return {
    start: async () => {
      starting ??= startAll();
      await starting;
    },
    facts: () => (running.length === 0 ? plan.clients.map(notStarted) : running.map(factsOf)),
    writes: async (sinceUtcMs) => {
      const logs = await Promise.all(running.map(({ tail }) => tail.writesSince(sinceUtcMs)));
      return logs.flat();
    },
    canary: (client, id, limitMs) => canary(plan, { client, id }, limitMs),
    missing: (chain, instance, ids) =>
      findMissing({ plan, resolve: options.resolve }, { chain, instance, ids }),
    stop: async () => {
      await starting;
      starting = null;
      if (following !== null) clearInterval(following);
      following = null;
      await Promise.all(running.map((client) => client.process?.stop(stopLimitMs)));
      // The last lines are still wanted: the totals stay as they were at the end.
      await follow();
    },
  };
}

/** The client's own program: in a checkout the source, in a build the bundle beside this one's folder. */
function clientEntry(): string {
  const places = ['../clients/client.ts', 'client.js', '../client.js'].map((place) =>
    join(import.meta.dirname, place),
  );
  return present(
    places.find((place) => existsSync(place)),
    `the client program (${places.join(', ')})`,
  );
}

function notStarted(planned: SyntheticClient): ClientFacts {
  return {
    client: planned.id,
    chain: planned.chain,
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    lastAcknowledgedAt: null,
    alive: unknown('not started yet', Date.now(), `client ${planned.id}`),
  };
}

function factsOf(client: Running): ClientFacts {
  const { acknowledged, refused, unknown: unanswered, lastAcknowledgedAt } = client.tail.totals;
  return {
    client: client.planned.id,
    chain: client.planned.chain,
    acknowledged,
    refused,
    unknown: unanswered,
    lastAcknowledgedAt,
    alive: aliveOf(client),
  };
}

function aliveOf(client: Running): Observation<boolean> {
  const now = Date.now();
  const from = `client ${client.planned.id}`;
  if (client.problem !== null) return unknown(`could not be started: ${client.problem}`, now, from);
  const ended = client.process?.ended() ?? null;
  if (ended !== null) return known(false, now, `${from}: its process ${ended}`);
  const { lastEndedAt, unreadable } = client.tail.totals;
  if (unreadable > 0) return unknown(`its log has ${unreadable} lines that no client wrote`, now, from);
  // A write may take its limit twice (write, read back); a client that is silent for longer measures nothing.
  const silentMs = now - Math.max(lastEndedAt ?? 0, client.startedAt);
  const allowedMs = 2 * client.planned.limitMs + client.planned.intervalMs + 1_000;
  if (silentMs > allowedMs)
    return known(false, now, `${from}: nothing in its log for ${Math.round(silentMs)} ms`);
  return known(true, now, `${from}: process ${client.process?.pid ?? '?'}, its log`);
}

/** One write and its reading back by the cockpit itself, over the same path as the named client's. */
async function canary(
  plan: Plan,
  write: { readonly client: string; readonly id: string },
  limitMs: number,
): Promise<Answer<{ readonly ms: number }>> {
  const answers = answersFrom();
  const planned = plan.clients.find((each) => each.id === write.client);
  if (planned?.kind !== 'http')
    return answers.refused({
      code: null,
      message: `the plan has no http client ${write.client} to send a canary as`,
    });
  const began = performance.now();
  const path = httpPath({ client: planned.id, writeUrl: planned.writeUrl, readUrl: planned.readUrl });
  try {
    const written = await path.write(write.id, limitMs);
    if (written.kind === 'no-answer') return answers.none(noAnswer(written));
    if (written.status !== 200) return answers.refused(statusWords('write', planned.writeUrl, written));
    const read = await path.read(write.id, limitMs - (performance.now() - began));
    if (read.kind === 'no-answer') return answers.none(noAnswer(read));
    if (read.status !== 200) return answers.refused(statusWords('read back', planned.readUrl, read));
    return answers.ok({ ms: performance.now() - began });
  } finally {
    path.close();
  }
}

function statusWords(
  what: string,
  url: string,
  end: Extract<HttpEnd, { readonly kind: 'status' }>,
): { readonly code: number; readonly message: string } {
  const said = end.body.trim().slice(0, 200);
  return {
    code: end.status,
    message: `${what} at ${url}: expected status 200, seen ${end.status}${said === '' ? '' : `: ${said}`}`,
  };
}

function noAnswer(end: Extract<HttpEnd, { readonly kind: 'no-answer' }>): {
  readonly why: 'time-limit' | 'session-lost' | 'not-connected';
  readonly message: string;
} {
  return { why: end.why === 'cut' ? 'session-lost' : end.why, message: end.message };
}
