import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import type { Answer, NoAnswer, SessionPurpose } from '../../shared/sessions/session.ts';
import type { MysqlSession, Timer } from '../ports.ts';
import { refusalOf } from './commits.ts';
import { laptopSite } from './network.ts';
import { operate, serviceMs } from './mysql-operations.ts';
import type { Reply } from './mysql-call.ts';
import { abandon, connect, disconnect, statementEnded } from './processes.ts';
import type { AccountRow, ReplyFault, Server, Thread, World } from './world.ts';

type None = Extract<Answer<never>, { readonly kind: 'none' }>;

type Asked = {
  readonly operation: OperationName;
  /** The call has arrived at the server. */
  readonly arrived: () => void;
  readonly fail: (answer: None) => void;
  readonly limit: Timer;
  sentAt: number | null;
  over: boolean;
};

type At = {
  readonly world: World;
  readonly server: Server;
  readonly account: AccountRow;
  readonly purpose: SessionPurpose;
};

/** The end of a connection comes after what was sent on it, by at least as much as the way may vary. */
const afterSentMs = 5;

/** One connection of the cockpit: calls run one after the other, each crosses the network both ways. */
export function openSession(at: At): MysqlSession {
  const { world, server, account, purpose } = at;
  const { clock } = world;
  const queue: Asked[] = [];
  const lostCalls: ((why: string) => void)[] = [];
  let state: 'open' | 'lost' | 'closed' = 'open';
  let lostWhy = '';
  const there = world.network.carry(laptopSite, server.site);
  const back = world.network.carry(server.site, laptopSite);
  const thread = connect(
    server,
    {
      user: account.user,
      host: `laptop:${40_000 + (server.nextThread % 20_000)}`,
      owner: 'cockpit',
      end: ended,
    },
    clock.nowMs(),
  );
  const entry = { instance: server.id, purpose, thread: thread.id, lose, vanish };
  world.sessions.add(entry);

  function ended(why: string): void {
    back(0, () => lose(why));
  }
  function lose(why: string): void {
    if (state !== 'open') return;
    state = 'lost';
    lostWhy = why;
    world.sessions.delete(entry);
    for (const asked of queue.splice(0))
      finish(asked, asked.sentAt === null ? notSent(why) : noAnswer('session-lost', why, asked.sentAt));
    clock.answered();
    for (const call of lostCalls) call(why);
  }
  /** The program behind it died: nobody hears an answer, and what was sent already still arrives. */
  function vanish(noticed: boolean): void {
    if (state !== 'open') return;
    state = 'lost';
    world.sessions.delete(entry);
    const sent = queue.find(({ sentAt }) => sentAt !== null);
    for (const asked of queue.splice(0)) {
      asked.over = true;
      asked.limit.cancel();
    }
    if (!noticed) return;
    const behindMs = sent === undefined ? 0 : serviceMs(world, sent.operation) + afterSentMs;
    there(behindMs, () => abandon(server, thread.id));
  }
  function notSent(why: string): None {
    return noAnswer('not-connected', `${why}; nothing was sent`, null);
  }
  function noAnswer(why: NoAnswer, message: string, sentAt: number | null): None {
    const tookMs = sentAt === null ? 0 : clock.nowMs() - sentAt;
    return { kind: 'none', why, message, takenAt: Math.floor(clock.utcMs()), tookMs };
  }
  /** True once a call: its answer may be given now. */
  function closes(asked: Asked): boolean {
    if (asked.over) return false;
    asked.over = true;
    asked.limit.cancel();
    clock.answered();
    return true;
  }
  function finish(asked: Asked, answer: None): void {
    if (closes(asked)) asked.fail(answer);
  }
  function sendNext(): void {
    const asked = queue[0];
    if (asked === undefined || asked.sentAt !== null || state !== 'open') return;
    asked.sentAt = clock.nowMs();
    there(serviceMs(world, asked.operation), () => {
      if (state === 'closed' || !server.threads.has(thread.id)) return;
      asked.arrived();
    });
  }
  function overdue(asked: Asked): void {
    const place = queue.indexOf(asked);
    if (place < 0) return;
    queue.splice(place, 1);
    if (asked.sentAt === null) return finish(asked, notSent('an earlier call kept the session busy'));
    finish(
      asked,
      noAnswer(
        'time-limit',
        `no answer from ${server.id} within the limit; the statement may still run there`,
        asked.sentAt,
      ),
    );
    // After its own time limit a connection cannot be used any more: what comes back would answer another question.
    lose('no answer within the limit: the connection was given up');
    there(0, () => abandon(server, thread.id));
  }

  return {
    instance: server.id,
    purpose,
    connectionId: thread.id,
    state: () => state,
    onLost: (call) => {
      lostCalls.push(call);
    },
    ask: <K extends OperationName>(
      operation: K,
      input: OperationInput<K>,
      limitMs: number,
    ): Promise<Answer<OperationOutput<K>>> => {
      if (state !== 'open')
        return Promise.resolve(notSent(state === 'lost' ? lostWhy : 'the session was closed'));
      return new Promise((resolve) => {
        const received = (reply: Reply<OperationOutput<K>>): void => {
          if (state !== 'open' || !closes(asked)) return;
          queue.shift();
          const took = {
            takenAt: Math.floor(clock.utcMs()),
            tookMs: clock.nowMs() - (asked.sentAt ?? clock.nowMs()),
          };
          resolve(
            'value' in reply
              ? { kind: 'ok', value: reply.value, ...took }
              : { kind: 'refused', ...reply.refused, ...took },
          );
          sendNext();
        };
        const asked: Asked = {
          operation,
          arrived: () =>
            arrive({
              world,
              server,
              account,
              purpose,
              thread,
              operation,
              input,
              back: (reply) => back(0, () => received(reply)),
            }),
          fail: resolve,
          limit: clock.in(limitMs, () => overdue(asked)),
          sentAt: null,
          over: false,
        };
        queue.push(asked);
        clock.answered();
        sendNext();
      });
    },
    close: () =>
      new Promise((resolve) => {
        if (state === 'open') {
          state = 'closed';
          world.sessions.delete(entry);
          for (const asked of queue.splice(0))
            finish(asked, noAnswer('not-connected', 'the session was closed', asked.sentAt));
          there(0, () => abandon(server, thread.id));
        }
        clock.in(1, () => {
          clock.answered();
          resolve();
        });
      }),
  };
}

type Performed<K extends OperationName> = At & {
  readonly thread: Thread;
  readonly operation: K;
  readonly input: OperationInput<K>;
  readonly back: (reply: Reply<OperationOutput<K>>) => void;
};

/** A call has arrived at the server: a stopped process looks at it when it goes on, a dead one never. */
function arrive<K extends OperationName>(call: Performed<K>): void {
  const { world, server, thread, operation } = call;
  if (server.threads.has(thread.id)) thread.statement = operation;
  if (server.power === 'paused') {
    server.stalled.push(() => arrive(call));
    return;
  }
  if (!server.threads.has(thread.id)) return;
  for (const look of world.onOperation)
    look({ edge: 'before', instance: server.id, thread: thread.id, operation });
  if (!server.threads.has(thread.id)) return;
  if (server.power !== 'up') return arrive(call);
  const fault = takeFault(world, call);
  if (fault?.way === 'error') {
    statementEnded(server, thread.id, world.clock.nowMs());
    return call.back({ refused: refusalOf(fault.code) });
  }
  if (fault?.way === 'none') {
    thread.statement = null;
    return;
  }
  if (fault?.way === 'late') {
    world.clock.in(fault.ms, () => run(call, null));
    return;
  }
  run(call, fault);
}

function run<K extends OperationName>(call: Performed<K>, fault: ReplyFault | null): void {
  const { world, server, account, thread, operation } = call;
  if (!server.threads.has(thread.id)) return;
  thread.statement = operation;
  thread.since = world.clock.nowMs();
  operate({ world, server, thread, account }, { operation, input: call.input }, (reply) => {
    statementEnded(server, thread.id, world.clock.nowMs());
    for (const look of world.onOperation)
      look({ edge: 'after', instance: server.id, thread: thread.id, operation });
    if (fault?.way === 'lost-after-effect') {
      disconnect(server, thread.id, 'Connection lost during query');
      return;
    }
    call.back(reply);
  });
}

function takeFault<K extends OperationName>(world: World, call: Performed<K>): ReplyFault | null {
  const found = world.replyFaults.find(
    (one) =>
      one.times > 0 &&
      one.instance === call.server.id &&
      one.operation === call.operation &&
      (one.purpose === null || one.purpose === call.purpose),
  );
  if (found === undefined) return null;
  found.times -= 1;
  return found;
}
