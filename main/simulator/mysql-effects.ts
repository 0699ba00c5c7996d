import { sameAccount } from '../../shared/sessions/account-names.ts';
import { commit, refusal, refusesWrite, type Write } from './commits.ts';
import { cancelPendingFence, fence, open } from './fence.ts';
import { behindFence, lockHeldBy, nothing, type Call, type Performers, type Reply } from './mysql-call.ts';
import { kill } from './processes.ts';

/** A reply that carries nothing. */
const done0: Reply<typeof nothing> = { value: nothing };

/** One write by an account, as the server treats it: behind a waiting fence, refused when read-only, else committed. */
function write(call: Call, what: Write, done: (reply: Reply<{ readonly at: number }>) => void): void {
  const { world, server, account, thread } = call;
  behindFence(server, () => {
    if (!server.threads.has(thread.id)) return done({ refused: refusal(1317) });
    const refused = refusesWrite(server, account);
    if (refused !== null) return done({ refused });
    if (what.kind !== 'schema' && what.kind !== 'other' && !server.schemaPrepared)
      return done({ refused: refusal(1146) });
    const now = world.clock.nowMs();
    commit(server, what, now);
    if (server.commitExtraMs === 0) return done({ value: { at: now } });
    world.clock.in(server.commitExtraMs, () => done({ value: { at: now } }));
  });
}

/** Reads a server's own time out of a statement, with or without its T and Z. */
function utcOf(text: string): number {
  return Date.parse(`${text.trim().replace(' ', 'T').replace(/Z$/, '')}Z`);
}

type EffectName =
  | 'takeLock'
  | 'releaseLock'
  | 'fence'
  | 'thaw'
  | 'persistFence'
  | 'unpersistFence'
  | 'setEventScheduler'
  | 'lockAccounts'
  | 'cancelStatement'
  | 'killThreads'
  | 'promote'
  | 'enableEvents'
  | 'prepareSchema'
  | 'removeSchema'
  | 'beat'
  | 'writeCanary'
  | 'proveFence';

/** The operations that change a server, links apart. */
export const performEffects: Performers<EffectName> = {
  takeLock: ({ server, thread }, _input, done) => {
    server.lockHolder ??= thread.id;
    done({ value: { held: server.lockHolder === thread.id, holder: server.lockHolder } });
  },
  releaseLock: ({ server, thread }, _input, done) => {
    if (server.lockHolder === thread.id) server.lockHolder = null;
    done(done0);
  },
  fence: ({ world, server, thread }, { lockWaitSeconds }, done) => {
    const refused = lockHeldBy(server, [thread.id]);
    if (refused !== null) return done({ refused });
    fence(world, server, {
      thread: thread.id,
      lockWaitSeconds,
      done: (reply) =>
        done(reply === 'fenced' ? done0 : { refused: refusal(reply === 'timeout' ? 1205 : 1317) }),
    });
  },
  thaw: ({ world, server, thread }, { lockHolders }, done) => {
    const refused = lockHeldBy(server, [thread.id, ...lockHolders]);
    if (refused !== null) return done({ refused });
    open(world, server);
    done(done0);
  },
  persistFence: ({ server, thread }, _input, done) => {
    if (server.flavor === 'mysql') {
      const refused = lockHeldBy(server, [thread.id]);
      if (refused !== null) return done({ refused });
      server.persisted = true;
      server.readOnly = true;
      server.superReadOnly = true;
    }
    done({ value: { durable: server.flavor === 'mysql' } });
  },
  unpersistFence: ({ server }, _input, done) => {
    server.persisted = false;
    done(done0);
  },
  setEventScheduler: ({ server }, { on }, done) => {
    server.eventScheduler = on;
    done(done0);
  },
  lockAccounts: ({ server }, { accounts, locked }, done) => {
    // super_read_only stops it for everybody, although nothing of it would be logged.
    if (server.superReadOnly) return done({ refused: refusal(1290) });
    const rows = accounts.map((account) =>
      server.accounts.find(({ user, host }) => sameAccount(`${user}@${host}`, account)),
    );
    if (rows.some((row) => row === undefined)) return done({ refused: refusal(1396) });
    for (const row of rows) if (row !== undefined) row.locked = locked;
    done(done0);
  },
  cancelStatement: ({ server }, { thread }, done) => {
    cancelPendingFence(server, thread);
    done(done0);
  },
  killThreads: ({ world, server }, { threads }, done) => {
    for (const thread of threads) kill(server, thread);
    // Their ends are seen a moment later, as on a real server.
    world.clock.in(world.random.between(1, 6), () => done(done0));
  },
  promote: ({ world, server, thread }, { notAfterUtc }, done) => {
    const late = !(world.clock.utcMs() + server.clockOffsetMs < utcOf(notAfterUtc));
    const refused = late ? refusal(1242) : lockHeldBy(server, [thread.id]);
    if (refused !== null) return done({ refused });
    open(world, server);
    done(done0);
  },
  enableEvents: (call, { events }, done) => {
    const missing = events.find((event) => !call.server.events.has(event));
    if (missing !== undefined)
      return done({ refused: { code: null, message: `The event ${missing} is not on this server` } });
    if (events.length === 0) return done(done0);
    write(call, { kind: 'other', id: null, value: 0 }, (reply) => {
      if ('refused' in reply) return done(reply);
      for (const event of events) call.server.events.set(event, 'ENABLED');
      done(done0);
    });
  },
  prepareSchema: (call, _input, done) => {
    write(call, { kind: 'schema', id: null, value: 1 }, (reply) => done('refused' in reply ? reply : done0));
  },
  removeSchema: (call, _input, done) => {
    write(call, { kind: 'schema', id: null, value: 0 }, (reply) => done('refused' in reply ? reply : done0));
  },
  beat: (call, { serverId }, done) => {
    const { world, server } = call;
    const atUs = Math.round((world.clock.utcMs() + server.clockOffsetMs) * 1000);
    write(call, { kind: 'beat', id: null, value: atUs, beatOf: serverId }, (reply) =>
      done('refused' in reply ? reply : { value: { atUs } }),
    );
  },
  writeCanary: (call, { id }, done) => {
    write(call, { kind: 'canary', id, value: 0 }, (reply) => done('refused' in reply ? reply : done0));
  },
  proveFence: ({ server, account }, _input, done) => {
    behindFence(server, () => done({ value: { errorNumber: refusesWrite(server, account)?.code ?? null } }));
  },
};
