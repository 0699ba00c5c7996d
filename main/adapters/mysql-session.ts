import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import { UnsafeValue } from '../../shared/sessions/dialect-quote.ts';
import { Unreadable } from '../../shared/sessions/dialect-rows.ts';
import type { Answer, SessionPurpose } from '../../shared/sessions/session.ts';
import type { MysqlSession } from '../ports.ts';
import { answersFrom } from './answers.ts';
import { limitTimer } from './limit-timer.ts';
import type { Conversation } from './mysql-conversation.ts';
import { ConversationLost, StatementRefused } from './mysql-conversation.ts';
import type { DriverConnection } from './mysql-driver.ts';
import { operationHandlers } from './mysql-operations.ts';

export type SessionParts = {
  readonly instance: string;
  readonly purpose: SessionPurpose;
  readonly connectionId: number;
  readonly connection: DriverConnection;
  readonly conversation: Conversation;
};

const goodbyeLimitMs = 1_000;

/**
 * One session: operations one after the other, each bounded, none ever repeated.
 *
 * A call that runs into its limit costs the session: the driver cannot take a statement back, and its late answer would
 * be read as the next one's. The statement may still run on the server; whoever asked has the thread id to end it.
 */
export function createSession(parts: SessionParts): MysqlSession {
  const { connection, conversation } = parts;
  let state: 'open' | 'lost' | 'closed' = 'open';
  let lostBecause = '';
  const callers: ((why: string) => void)[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const lose = (why: string): void => {
    if (state !== 'open') return;
    state = 'lost';
    lostBecause = why;
    connection.destroy();
    for (const call of callers.splice(0)) call(why);
  };
  connection.onLost(lose);

  const perform = async <K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    limitMs: number,
  ): Promise<Answer<OperationOutput<K>>> => {
    const answers = answersFrom();
    const before = last;
    const deadline = performance.now() + limitMs;
    const notSent = (why: string): Answer<OperationOutput<K>> =>
      answers.none({ why: 'not-connected', message: `${why}; nothing was sent.` });
    const kept = (): Answer<OperationOutput<K>> =>
      notSent(`An earlier call kept the session busy for ${limitMs} ms`);
    const run = async (): Promise<Answer<OperationOutput<K>>> => {
      if (state === 'lost') return notSent(`The session was lost before its turn (${lostBecause})`);
      if (state === 'closed') return notSent('The session is closed');
      const leftMs = deadline - performance.now();
      return leftMs <= 0 ? kept() : bounded(operation, input, leftMs);
    };
    const bounded = async (
      name: K,
      given: OperationInput<K>,
      leftMs: number,
    ): Promise<Answer<OperationOutput<K>>> => {
      const timeUp = Promise.withResolvers<'time-up'>();
      const timer = limitTimer(leftMs, () => timeUp.resolve('time-up'));
      const work = operationHandlers[name](conversation, given).then(
        (value) => answers.ok(value),
        (error: unknown) => answerTo(error, answers),
      );
      const first = await Promise.race([work, timeUp.promise]);
      timer.cancel();
      if (first !== 'time-up') return first;
      const message = `No answer to ${name} within ${Math.round(limitMs)} ms; the connection was closed, the statement may still run on the server as thread ${parts.connectionId}.`;
      lose(message);
      return answers.none({ why: 'time-limit', message });
    };
    // It is answered within its limit, also where its turn never comes; then it is not sent any more.
    const patience = Promise.withResolvers<'given up'>();
    const timer = limitTimer(limitMs, () => patience.resolve('given up'));
    const turn = Promise.race([before.then(() => 'its turn' as const), patience.promise]);
    const answer = turn.then((came) => {
      timer.cancel();
      return came === 'given up' ? kept() : run();
    });
    // Where this one was given up, whoever comes next still waits for the one before.
    const behind = (): Promise<unknown> => before;
    last = answer.then(behind, behind);
    return answer;
  };

  return {
    instance: parts.instance,
    purpose: parts.purpose,
    connectionId: parts.connectionId,
    state: () => state,
    ask: perform,
    onLost: (call) => {
      if (state === 'lost') queueMicrotask(() => call(lostBecause));
      else callers.push(call);
    },
    close: async () => {
      if (state !== 'open') return;
      state = 'closed';
      await connection.end(goodbyeLimitMs);
    },
  };
}

/** Expected trouble as an answer; anything else is a mistake of the program and goes on. */
function answerTo(error: unknown, answers: ReturnType<typeof answersFrom>): Answer<never> {
  if (error instanceof StatementRefused) return answers.refused({ code: error.code, message: error.message });
  if (error instanceof Unreadable || error instanceof UnsafeValue)
    return answers.refused({ code: null, message: error.message });
  if (error instanceof ConversationLost) return answers.none({ why: 'session-lost', message: error.message });
  throw error;
}
