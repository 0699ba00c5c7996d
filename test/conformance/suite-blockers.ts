import { expect, test } from 'vitest';
import type { MysqlSession } from '../../main/ports.ts';
import { blockersOf, type Blocker, type BlockerKind } from '../../shared/observations/blockers.ts';
import type { Chain } from '../../shared/plan/plan.ts';
import { fenceStep, type Fenced } from './fence-step.ts';
import type { Held, HoldKind } from './fixture-world.ts';
import type { Ground } from './ground.ts';

/** Every kind of session that stands in a fence's way: how it is named, and what each policy makes of it. */
export function blockerTests(ground: Ground): void {
  const { open, value, until } = ground;

  const holding = async <T>(how: HoldKind, then: (held: Held) => Promise<T>): Promise<T> => {
    const held = await ground.world().hold(ground.world().source, how);
    try {
      return await then(held);
    } finally {
      await held.release();
    }
  };
  const fragileTables = ['shop.fragile', 'app.old_log'];
  const blockersNow = async (): Promise<readonly Blocker[]> => {
    const survey = await open(ground.world().source, 'survey');
    await ground.world().pass(150);
    return blockersOf(await value(survey, 'activity', {}), {
      isOwn: ({ user }) => user === 'cockpit',
      fragileTables,
    });
  };
  const blockerNamed = async (held: Held, kind: BlockerKind): Promise<Blocker> => {
    let seen: readonly Blocker[] = [];
    await until(`thread ${held.thread} named as ${kind}`, async () => {
      seen = await blockersNow();
      return seen.some((one) => one.thread === held.thread && one.kind === kind);
    });
    return seen.find(({ thread }) => thread === held.thread) as Blocker;
  };
  const showing = (on: boolean): Promise<void> => ground.world().showLocks(ground.world().source, on);

  const kinds: readonly (readonly [HoldKind, BlockerKind, boolean])[] = [
    ['open-transaction', 'transaction', false],
    ['idle-transaction', 'idle-transaction', false],
    ['table-lock', 'lock-tables', true],
    ['statement', 'statement', true],
    ['fragile', 'statement', true],
    ['ddl', 'ddl', true],
    ['lock-queue', 'lock-queue', true],
    ['semi-sync', 'semi-sync', true],
    ['backup', 'backup', false],
    ['backup-lock', 'backup', false],
  ];
  test.each(kinds)('%s is named as %s; a fence has to wait for it: %s', async (how, kind, holdsFence) => {
    await showing(true);
    await holding(how, async (held) => {
      const blocker = await blockerNamed(held, kind);
      expect(blocker).toMatchObject({ kind, holdsFence });
      expect(blocker.user).not.toBe('');
      expect(blocker.host).not.toBe('');
      expect(blocker.never !== null).toBe(['fragile', 'semi-sync'].includes(how));
    });
  });

  test('a server that does not show its locks says so, and what would show them', async () => {
    await showing(false);
    try {
      const survey = await open(ground.world().source, 'survey');
      const { locks } = await value(survey, 'activity', {});
      expect(locks.holders).toEqual([]);
      expect(locks.unseen).toMatch(/does not show who holds a lock.*(INSTALL SONAME|setup|instrument)/);
    } finally {
      await showing(true);
    }
  });

  const nothingRuns = (look: MysqlSession, threads: readonly number[]): Promise<void> =>
    until(`nothing runs in ${threads.join(', ')}`, async () => {
      const { running } = await value(look, 'runningStatements', { threads });
      return running.length === 0;
    });

  test('a waiting fence that is given up from another session: 1317, its statement gone, its session and lock there', async () => {
    const act = await open(ground.world().source);
    const look = await open(ground.world().source, 'look');
    const threads = [act.connectionId];
    await value(act, 'takeLock', {});
    await holding('table-lock', async () => {
      const waiting = act.ask('fence', { lockWaitSeconds: 30 }, 40_000);
      // Not the statement before it, nor the moment between the two in which a session runs something that has no text yet:
      // given up there, it would go on and wait.
      await until('the fence waits', async () =>
        (await value(look, 'runningStatements', { threads })).running.some(({ statement }) =>
          /^(SET GLOBAL|fence$)/.test(statement),
        ),
      );
      await value(look, 'cancelStatement', { thread: act.connectionId });
      expect(await ground.world().settle(waiting)).toMatchObject({ kind: 'refused', code: 1317 });
      await nothingRuns(look, threads);
    });
    expect((await ground.facts(look)).readOnly).toBe(false);
    expect(await value(act, 'takeLock', {})).toEqual({ held: true, holder: act.connectionId });
    await value(act, 'releaseLock', {});
  });

  test('a session whose statement is given up after its end runs nothing', async () => {
    const act = await open(ground.world().source);
    const look = await open(ground.world().source, 'look');
    const threads = [act.connectionId];
    await value(act, 'takeLock', {});
    // A statement is listed a moment longer than its answer takes to arrive: given up there, it would not be after its end.
    await nothingRuns(look, threads);
    await value(look, 'cancelStatement', { thread: act.connectionId });
    await nothingRuns(look, threads);
    const { sessions } = await value(look, 'clientSessions', {});
    expect(sessions.find(({ thread }) => thread === act.connectionId)).toMatchObject({ command: 'Sleep' });
    // What it is asked next is done.
    await value(act, 'releaseLock', {});
  });

  const fenced = async (
    how: HoldKind,
    policy: Chain['blockers'],
    shows = true,
  ): Promise<Fenced & { readonly held: Held }> =>
    holding(how, async (held) => {
      await ground.world().pass(1_100);
      // By the administrator, who is then not idle when idle sessions are looked for.
      const fence = await fenceStep(ground, { policy, fragileTables, first: () => showing(shows) });
      return { ...fence, held };
    });

  test.each([
    ['open-transaction', 'postpone'],
    ['idle-transaction', 'postpone'],
    ['backup', 'postpone'],
    ['backup-lock', 'postpone'],
    ['table-lock', 'kill-idle'],
    ['lock-queue', 'kill-idle'],
    ['statement', 'kill'],
    ['ddl', 'kill'],
  ] as const)('%s under the policy %s: fenced', async (how, policy) => {
    await showing(true);
    const { end, killed, held, texts } = await fenced(how, policy);
    expect(end, texts.join('\n')).toMatchObject({ kind: 'done' });
    expect(killed).toEqual(policy === 'postpone' ? [] : [how === 'lock-queue' ? held.behind : held.thread]);
  });

  test.each([
    ['table-lock', 'postpone', 'LOCK TABLES'],
    ['statement', 'postpone', 'running a statement'],
    ['statement', 'kill-idle', 'running a statement'],
    ['ddl', 'postpone', 'changing a table'],
    ['fragile', 'kill', 'half of a killed write to a table without transactions stays'],
    ['semi-sync', 'kill', 'KILL does not help'],
  ] as const)('%s under the policy %s: not fenced, nobody ended, named', async (how, policy, says) => {
    await showing(true);
    const { end, killed, held, texts, operations } = await fenced(how, policy);
    expect(end).toMatchObject({ kind: 'failed', text: expect.stringContaining(says) });
    expect(end.text).toContain(`thread ${held.thread} of `);
    expect(killed).toEqual([]);
    // The operator reads who it is while the fence still waits, not only afterwards.
    expect(texts.filter((text) => text.includes(says))).not.toEqual([]);
    const attempts = policy === 'postpone' ? 1 : 3;
    expect(operations.filter((operation) => operation === 'fence')).toHaveLength(attempts);
    // After each attempt its statement was seen gone.
    expect(operations.filter((operation) => operation === 'runningStatements').length).toBeGreaterThanOrEqual(
      attempts,
    );
    const look = await open(ground.world().source, 'look');
    expect((await ground.facts(look)).readOnly).toBe(false);
  });

  // Where this machine stands still for a second the administrator idles too, and may not be ended: then it is tried again.
  const patience = { retry: 2 };
  const noLocks = 'LOCK TABLES on a server that shows no locks';
  test(`${noLocks}: whoever idles is named as possible, and kill-idle ends it`, patience, async () => {
    await showing(false);
    try {
      const { end, killed, held, texts } = await fenced('table-lock', 'kill-idle', false);
      expect(end, texts.join('\n')).toMatchObject({ kind: 'done' });
      expect(killed).toContain(held.thread);
      expect(texts.join('\n')).toContain('may hold LOCK TABLES');
    } finally {
      await showing(true);
    }
  });
}
