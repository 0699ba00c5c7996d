import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClock } from '../../main/adapters/clock.ts';
import { perform } from '../../main/engine/perform.ts';
import { emptySessions } from '../../main/engine/sessions.ts';
import type { ClientsPort } from '../../main/ports.ts';
import { dnsSchema } from '../../shared/plan/plan-dns.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { reversedPlan } from '../../shared/plan/reversed-plan.ts';
import { emptyRun } from '../../shared/steps/decide.ts';
import { epochMark } from '../../shared/steps/driver.ts';
import { flip, flipReady } from '../../shared/steps/flip.ts';
import { thereArgv, writableArgv } from '../../shared/steps/file-looks.ts';
import { entryIn, withEntries } from '../../shared/steps/ledger.ts';
import { needs, type StepContext } from '../../shared/steps/need.ts';
import type { IssuedCommand, Run } from '../../shared/steps/run.ts';
import { flipDns } from '../helpers/flip-plan.ts';
import { referencePlan } from '../helpers/reference-plan.ts';
import { limitMs, sshGround, type SshGround } from './ssh-ground.ts';

const hosts = { source: 'app-a1', target: 'app-e1' } as const;
const clock = createClock();
const noClients = {} as ClientsPort;

describe('the flip of files over a real sshd', () => {
  let ground: SshGround;
  let folder = '';
  let plan: Plan;
  let sessions: ReturnType<typeof emptySessions>;
  beforeAll(async () => {
    ground = await sshGround();
    folder = join(ground.folder, 'shop');
    mkdirSync(folder);
    const file = (side: 'source' | 'target') =>
      ({ host: hosts[side], path: join(folder, side), standsFor: side, healthCheck: side }) as const;
    const dns = dnsSchema.parse(
      flipDns({ files: [file('source'), file('target')], content: "it's\nserving\n" }),
    );
    plan = { ...referencePlan(), dns };
    const ssh = ground.ssh(
      Object.fromEntries(Object.values(hosts).map((host) => [host, ground.access(ground.first.port)])),
    );
    sessions = emptySessions(() => undefined);
    for (const host of Object.values(hosts)) {
      sessions.adoptChannel(await ground.channelOf(ssh, host));
      sessions.adoptChannel(await ground.channelOf(ssh, host), 'flip');
    }
  }, 30_000);
  afterAll(async () => {
    await sessions.close();
    for (const host of Object.values(hosts)) rmSync(epochFile(host), { force: true });
    await ground.remove();
  });
  beforeEach(() => {
    rmSync(join(folder, 'target'), { force: true });
    writeFileSync(join(folder, 'source'), 'serving\n');
  });

  const files = () => ({
    source: existsSync(join(folder, 'source')),
    target: existsSync(join(folder, 'target')),
  });
  const runOf = (of: Plan): Run => ({
    ...emptyRun(`flip-${process.pid}`, of, clock.now()),
    driver: { epoch: 1, who: 'the test' },
  });
  const epochFile = (host: string): string =>
    epochMark(runOf(plan), host).file.replace(/^~/, process.env['HOME'] ?? '');

  /** Plays one step function on the real channels until it waits for nothing that was asked; answers with its end. */
  const play = async (
    of: Plan,
    step: (context: StepContext) => ReturnType<typeof flip>,
    attempt = 1,
  ): Promise<ReturnType<typeof flip>> => {
    let run = runOf(of);
    const startedAt = clock.now();
    for (let turn = 0; turn < 20; turn += 1) {
      const said = step({ plan: of, run, key: 'flip', attempt, startedAt, now: clock.now() });
      if (said.kind !== 'waiting') return said;
      const asked = said.commands;
      if (asked.length === 0) throw new Error(`it waits for nothing that was asked: ${said.text}`);
      const answers = await Promise.all(
        asked.map((command) => perform({ sessions, clients: noClients, clock }, command, run)),
      );
      const entries = asked.map((command, index): readonly [string, IssuedCommand] => [
        command.key,
        {
          command,
          step: 'flip',
          issuedAt: startedAt,
          answer: answers[index] ?? null,
          answeredAt: clock.now(),
        },
      ]);
      expect(asked.every(({ key }) => entryIn(run.commands, key) === undefined)).toBe(true);
      run = { ...run, commands: withEntries(run.commands, entries) };
    }
    throw new Error('it does not come to an end');
  };
  const ready = (context: StepContext): ReturnType<typeof flip> => {
    const need = needs(context);
    const seen = flipReady(need, context);
    return seen.kind === 'waiting' ? need.waiting(seen.text) : seen;
  };
  const takeEpochs = async (): Promise<void> => {
    for (const host of Object.values(hosts))
      expect(
        await sessions.channel(host)?.epoch(epochMark(runOf(plan), host), 'take', limitMs),
      ).toMatchObject({
        kind: 'ok',
      });
  };

  test('turns the files, reads them back, and turns them again for the way back', async () => {
    await takeEpochs();
    expect(await play(plan, ready)).toMatchObject({ kind: 'done' });
    expect(await play(plan, flip)).toMatchObject({ kind: 'done' });
    expect(files()).toEqual({ source: false, target: true });
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe("it's\nserving\n");
    // A second attempt looks, and finds nothing to do.
    expect(await play(plan, flip, 2)).toMatchObject({ kind: 'done' });
    const back = reversedPlan(plan, { schedulersOff: [], setsChanged: false });
    if (!back.ok) throw new Error(back.error.join());
    expect(await play(back.value.plan, ready)).toMatchObject({ kind: 'done' });
    expect(await play(back.value.plan, flip)).toMatchObject({ kind: 'done' });
    expect(files()).toEqual({ source: true, target: false });
  });

  test('is refused before the fence when something else stands there, and where it was turned already', async () => {
    writeFileSync(join(folder, 'target'), 'who knows\n');
    expect(await play(plan, ready)).toMatchObject({
      kind: 'failed',
      text: expect.stringContaining('is there already'),
    });
    rmSync(join(folder, 'target'));
    rmSync(join(folder, 'source'));
    expect(await play(plan, ready)).toMatchObject({
      kind: 'failed',
      text: expect.stringContaining('is not there'),
    });
  });

  test('the looks of its gate say what a host shows: there, and a folder that takes files', async () => {
    const channel = sessions.channel(hosts.source, 'flip');
    const code = async (argv: readonly string[]): Promise<number | null> => {
      const answer = await channel?.run(argv, limitMs);
      return answer?.kind === 'ok' ? 0 : answer?.kind === 'refused' ? answer.code : null;
    };
    expect(await code(thereArgv(join(folder, 'source')))).toBe(0);
    expect(await code(thereArgv(join(folder, 'target')))).toBe(1);
    expect(await code(writableArgv(join(folder, 'target')))).toBe(0);
    expect(await code(writableArgv(join(folder, 'no such folder', 'target')))).toBe(1);
    expect(await code(writableArgv(join(folder, 'source', 'below a file')))).toBe(1);
    // Where nobody may write, whoever asks.
    expect(await code(writableArgv('/proc/1/target'))).toBe(1);
  });

  test('a switch command that hangs on the same host does not hold it up', async () => {
    await takeEpochs();
    const begun = join(folder, 'begun');
    const mark = epochMark(runOf(plan), hosts.target);
    const hanging = sessions
      .channel(hosts.target)
      ?.as(mark)
      .run(['sh', '-c', 'echo $$ >"$1"; exec sleep 60', 'sh', begun], 20_000);
    await expect.poll(() => existsSync(begun), { timeout: 10_000 }).toBe(true);
    try {
      expect(await play(plan, flip)).toMatchObject({ kind: 'done' });
      expect(files()).toEqual({ source: false, target: true });
      expect(sessions.channel(hosts.target)?.state()).toBe('open');
    } finally {
      process.kill(Number(readFileSync(begun, 'utf8')), 'SIGKILL');
    }
    expect(await hanging).toMatchObject({ kind: 'refused', code: 137 });
  });
});
