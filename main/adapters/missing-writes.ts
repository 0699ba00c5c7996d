import type { Credential, Plan, SyntheticClient } from '../../shared/plan/plan.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import { answersFrom } from './answers.ts';
import { after, appEnd, connectAsApp, quotedId, quotedTable } from './app-account.ts';
import type { AppAccount } from './app-account.ts';
import { idPrefix } from './client-config.ts';
import { httpPath } from './http-path.ts';

export type MissingSources = {
  readonly plan: Plan;
  readonly resolve: (credential: Credential) => Promise<AppAccount>;
};
export type MissingQuestion = {
  readonly chain: string;
  readonly instance: string;
  readonly ids: readonly string[];
};

type MysqlClient = Extract<SyntheticClient, { readonly kind: 'mysql' }>;
type HttpClient = Extract<SyntheticClient, { readonly kind: 'http' }>;
/** The missing ones of a part of the ids, or why it cannot be said. */
type Part =
  | { readonly kind: 'missing'; readonly ids: readonly string[] }
  | { readonly kind: 'unsaid'; readonly why: string };

const limitMs = 30_000;
const batch = 500;
const readsAtOnce = 8;

/**
 * Which of a chain's acknowledged writes are not there. Direct writes are looked for in the instance itself, by the
 * account that wrote them; writes through the application are read back through it, as its users would. One part that
 * cannot be answered leaves the whole unanswered: "none missing" is said only when every id was looked at.
 */
export async function findMissing(
  from: MissingSources,
  question: MissingQuestion,
): Promise<Answer<readonly string[]>> {
  const answers = answersFrom();
  const byHttp = new Map<HttpClient, string[]>();
  const byMysql: string[] = [];
  const users = from.plan.clients.filter((each) => each.kind === 'http' && each.chain === question.chain);
  for (const id of question.ids) {
    const user = users.find((each) => id.startsWith(idPrefix(each.id)));
    if (user?.kind === 'http') byHttp.set(user, [...(byHttp.get(user) ?? []), id]);
    else byMysql.push(id);
  }
  const parts = await Promise.all([
    missingInTable(from, { ...question, ids: byMysql }),
    ...[...byHttp].map(([client, ids]) => missingOnPath(client, ids)),
  ]);
  const unsaid = parts.filter((part) => part.kind === 'unsaid').map((part) => part.why);
  if (unsaid.length > 0) return answers.refused({ code: null, message: unsaid.join('; ') });
  return answers.ok(parts.flatMap((part) => (part.kind === 'missing' ? part.ids : [])));
}

async function missingInTable(from: MissingSources, question: MissingQuestion): Promise<Part> {
  if (question.ids.length === 0) return { kind: 'missing', ids: [] };
  const writer = from.plan.clients.find(
    (each): each is MysqlClient => each.kind === 'mysql' && each.chain === question.chain,
  );
  const instance = from.plan.instances.find((each) => each.id === question.instance);
  if (writer === undefined || instance === undefined)
    return {
      kind: 'unsaid',
      why: `the plan has no mysql client of ${question.chain} or no instance ${question.instance} to look in`,
    };
  const began = performance.now();
  const opened = await openAs(from, { writer, instance: question.instance });
  if (opened.kind !== 'open') return { kind: 'unsaid', why: `${question.instance}: ${opened.message}` };
  const { connection } = opened;
  const present = new Set<string>();
  try {
    for (let at = 0; at < question.ids.length; at += batch) {
      const literals = question.ids.slice(at, at + batch).map(quotedId);
      if (literals.includes(null))
        return { kind: 'unsaid', why: 'an id that no client of this plan writes was asked for' };
      const sql = `SELECT \`id\` FROM ${quotedTable(writer.table)} WHERE \`id\` IN (${literals.join(', ')})`;
      const leftMs = Math.max(1, limitMs - (performance.now() - began));
      const answer = await Promise.race([connection.query(sql), after(leftMs)]);
      if (answer === null)
        return { kind: 'unsaid', why: `${question.instance}: no answer within ${limitMs} ms` };
      if (answer.kind !== 'ok') return { kind: 'unsaid', why: `${question.instance}: ${answer.message}` };
      for (const [id] of answer.set.rows) if (typeof id === 'string') present.add(id);
    }
  } finally {
    connection.destroy();
  }
  return { kind: 'missing', ids: question.ids.filter((id) => !present.has(id)) };
}

async function openAs(
  from: MissingSources,
  as: { readonly writer: MysqlClient; readonly instance: string },
): Promise<Awaited<ReturnType<typeof connectAsApp>> | { readonly kind: 'failed'; readonly message: string }> {
  try {
    const instance = from.plan.instances.find((each) => each.id === as.instance);
    if (instance === undefined) return { kind: 'failed', message: 'not in the plan' };
    const account = await from.resolve(as.writer.account);
    return await connectAsApp(await appEnd(instance), account, as.writer.limitMs);
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

async function missingOnPath(client: HttpClient, ids: readonly string[]): Promise<Part> {
  const path = httpPath({ client: client.id, writeUrl: client.writeUrl, readUrl: client.readUrl });
  const deadline = performance.now() + limitMs;
  const missing: string[] = [];
  let unsaid: string | null = null;
  const queue = [...ids];
  const reader = async (): Promise<void> => {
    for (let id = queue.pop(); id !== undefined && unsaid === null; id = queue.pop()) {
      const leftMs = Math.min(client.limitMs, deadline - performance.now());
      const end = await path.read(id, leftMs);
      if (end.kind === 'status' && end.status === 404) missing.push(id);
      else if (end.kind !== 'status') unsaid = end.message;
      else if (end.status !== 200)
        unsaid = `${client.readUrl}: expected status 200 or 404, seen ${end.status}`;
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, reader));
  path.close();
  return unsaid === null ? { kind: 'missing', ids: missing } : { kind: 'unsaid', why: unsaid };
}
