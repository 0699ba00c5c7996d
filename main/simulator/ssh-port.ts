import type { Answer } from '../../shared/sessions/session.ts';
import type { FilePart, OpenRefused, SshChannel, SshEffects, SshOutput, SshPort } from '../ports.ts';
import { compare, ordered, type Refused } from './epoch.ts';
import { exitedWith, lineArrives, put } from './host-lines.ts';
import { begin, type Ran } from './host-commands.ts';
import { appended, filePart } from './mirror-file.ts';
import { laptopSite } from './network.ts';
import type { HostWorld, World } from './world.ts';

const openMs = 130;

/** SSH to the world's hosts: known keys, one line after the other on an open channel. */
export function makeSshPort(world: World): SshPort {
  return {
    open: (name, limitMs) => {
      const host = world.hosts.get(name);
      if (host === undefined) return Promise.resolve(refused('other', `the plan has no host ${name}`));
      return new Promise((resolve) => {
        let over = false;
        const answer = (opened: Parameters<typeof resolve>[0]): void => {
          if (over) return;
          over = true;
          limit.cancel();
          world.clock.answered();
          resolve(opened);
        };
        const limit = world.clock.in(limitMs, () =>
          answer(refused('time-limit', `${name} did not answer within ${limitMs} ms`)),
        );
        world.clock.answered();
        world.network.carry(laptopSite, host.site)(openMs, () => {
          if (!host.reachable)
            return answer(
              refused('unreachable', `no answer from ${name}: expected its SSH server, connection timed out`),
            );
          if (host.known === 'known') return answer({ kind: 'open', channel: openChannel(world, host) });
          const changed = host.known === 'changed';
          const message = changed
            ? `the SSH key of ${name} has changed; nothing was sent. Find out why before anything else.`
            : `the SSH key of ${name} is not known; compare the fingerprint and accept it in preflight`;
          answer({
            ...refused(changed ? 'changed-host-key' : 'unknown-host-key', message),
            host: name,
            fingerprint: host.hostKey,
          });
        });
      });
    },
    acceptHostKey: (name, key) => {
      const host = world.hosts.get(name);
      if (host !== undefined && host.known === 'unknown' && host.hostKey === key) host.known = 'known';
      return Promise.resolve();
    },
  };
}

function refused(reason: OpenRefused['reason'], message: string): OpenRefused {
  return { kind: 'refused', reason, message };
}

function openChannel(world: World, host: HostWorld): SshChannel {
  const { clock } = world;
  const lostCalls: ((why: string) => void)[] = [];
  let state: 'open' | 'lost' | 'closed' = 'open';
  let last: Promise<unknown> = Promise.resolve();
  const there = world.network.carry(laptopSite, host.site);
  const back = world.network.carry(host.site, laptopSite);
  const failures = new Set<() => void>();
  const lose = (why: string): void => {
    if (state !== 'open') return;
    state = 'lost';
    host.channels.delete(lose);
    clock.answered();
    for (const fail of [...failures]) fail();
    for (const call of lostCalls) call(why);
  };
  host.channels.add(lose);

  /** Runs `work` on the host; its outcome comes back, or the limit does. A line that changes the host may be made to fail. */
  function once<T>(limitMs: number, work: () => Work<T>, changes = false): Promise<Answer<T>> {
    const begun = clock.nowMs();
    const none = (why: 'time-limit' | 'session-lost' | 'not-connected', message: string): Answer<T> => ({
      kind: 'none',
      why,
      message,
      takenAt: Math.floor(clock.utcMs()),
      tookMs: clock.nowMs() - begun,
    });
    if (state !== 'open')
      return Promise.resolve(
        none('not-connected', `the channel to ${host.id} is ${state}; nothing was sent`),
      );
    return new Promise((resolve) => {
      const settle = (answer: Answer<T>): void => {
        if (!failures.delete(fail)) return;
        limit.cancel();
        clock.answered();
        resolve(answer);
      };
      const fail = (): void =>
        settle(none('session-lost', `the channel to ${host.id} was lost; what it ran may have happened`));
      // What passed its limit may be on its way still, so the channel is given up: a late answer must not be taken for another.
      const limit = clock.in(limitMs, () => {
        settle(none('time-limit', `no answer from ${host.id} within ${limitMs} ms`));
        lose(`a command passed its limit of ${limitMs} ms and may still be running`);
      });
      failures.add(fail);
      clock.answered();
      there(0, () => {
        if (!host.reachable) return;
        const fault = changes ? lineArrives(world, host) : null;
        if (fault?.way === 'none') return;
        const run = (): void => {
          const { ms, finish } =
            fault?.way === 'error' ? instantly<T>(() => exitedWith(fault.code, 'no space left')) : work();
          clock.in(ms, () => {
            const answer = finish();
            if (fault?.way === 'lost-after-effect') return;
            back(0, () =>
              settle({ ...answer, takenAt: Math.floor(clock.utcMs()), tookMs: clock.nowMs() - begun }),
            );
          });
        };
        if (fault?.way === 'late') clock.in(fault.ms, run);
        else run();
      });
    });
  }
  /** One line after the other; what still waits when its limit is over is answered then, and never sent. */
  function inTurn<T>(limitMs: number, call: (leftMs: number) => Promise<Answer<T>>): Promise<Answer<T>> {
    const asked = clock.nowMs();
    return new Promise((resolve) => {
      let givenUp = false;
      const patience = clock.in(limitMs, () => {
        givenUp = true;
        clock.answered();
        const tookMs = clock.nowMs() - asked;
        const message = `${host.id}: the limit of ${limitMs} ms passed behind an earlier command; nothing was sent`;
        resolve({ kind: 'none', why: 'not-connected', message, takenAt: Math.floor(clock.utcMs()), tookMs });
      });
      last = last.then(async () => {
        patience.cancel();
        if (givenUp) return;
        const answer = call(limitMs - (clock.nowMs() - asked));
        resolve(answer);
        await answer;
      });
    });
  }

  /** What changes a host; `refused` is asked before anything happens there, and once more when it does. */
  const effects = (refused: () => Refused | null, changes: boolean): SshEffects => {
    const guarded = <T>(work: () => Work<T>): Work<T> => {
      const before = refused();
      if (before !== null) return { ms: 1, finish: () => before };
      const { ms, finish } = work();
      return { ms, finish: () => refused() ?? finish() };
    };
    return {
      run: (argv, limitMs) =>
        inTurn(limitMs, (leftMs) =>
          once<SshOutput>(
            leftMs,
            () =>
              guarded(() => {
                const begun = begin(world, host, argv);
                return { ms: begun.ms, finish: () => outcome(begun.finish()) };
              }),
            changes,
          ),
        ),
      putFile: (path, content, limitMs) =>
        inTurn(limitMs, (leftMs) =>
          once<{ readonly sha256: string | null }>(
            leftMs,
            () =>
              guarded(() => ({
                ms: world.random.between(1, 4),
                finish: () => {
                  const answer = put(world, host, [path, content]);
                  world.flips.noted(host, path);
                  return answer;
                },
              })),
            changes,
          ),
        ),
      moveFile: (from, to, limitMs) =>
        inTurn(limitMs, (leftMs) =>
          once<SshOutput>(
            leftMs,
            () =>
              guarded(() => ({
                ms: world.random.between(1, 3),
                finish: () => outcome(moved(host, from, to)),
              })),
            changes,
          ),
        ),
      appendFile: (path, add, limitMs) =>
        inTurn(limitMs, (leftMs) =>
          once<{ readonly length: number }>(
            leftMs,
            () =>
              guarded(() => ({ ms: world.random.between(1, 4), finish: () => appended(host, path, add) })),
            changes,
          ),
        ),
    };
  };

  return {
    host: host.id,
    hostKey: host.hostKey,
    state: () => state,
    onLost: (call) => {
      lostCalls.push(call);
    },
    ...effects(() => null, false),
    as: (mark) => effects(() => compare(host, mark), true),
    readFile: (path, from, limitMs) =>
      inTurn(limitMs, (leftMs) =>
        once<FilePart | null>(leftMs, () => instantly(() => filePart(host, path, from))),
      ),
    epoch: (mark, order, limitMs) =>
      inTurn(limitMs, (leftMs) => once<SshOutput>(leftMs, () => instantly(() => ordered(host, mark, order)))),
    close: () => {
      if (state === 'open') {
        state = 'closed';
        host.channels.delete(lose);
        for (const fail of [...failures]) fail();
      }
      return Promise.resolve();
    },
  };
}

type Work<T> = { readonly ms: number; readonly finish: () => Answer<T> };

function instantly<T>(finish: () => Answer<T>): Work<T> {
  return { ms: 1, finish };
}

function moved(host: HostWorld, from: string, to: string): Ran {
  const content = host.files.get(from);
  if (content === undefined)
    return { status: 1, stdout: '', stderr: `mv: cannot stat '${from}': No such file or directory` };
  host.files.delete(from);
  host.files.set(to, content);
  return { status: 0, stdout: '', stderr: '' };
}

function outcome(ran: Ran): Answer<SshOutput> {
  const stamp = { takenAt: 0, tookMs: 0 };
  if (ran.status === 0) return { kind: 'ok', value: { stdout: ran.stdout, stderr: ran.stderr }, ...stamp };
  return exitedWith(ran.status, (ran.stderr.trim() === '' ? ran.stdout : ran.stderr).trim());
}
