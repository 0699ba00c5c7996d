import { randomBytes } from 'node:crypto';
import type { Duplex, Readable } from 'node:stream';
import type { Answer } from '../../shared/sessions/session.ts';
import type { FilePart, SshChannel, SshEffects, SshOutput } from '../ports.ts';
import { answersFrom } from './answers.ts';
import { wholeBytes } from './journal-disk.ts';
import { limitTimer } from './limit-timer.ts';
import { guardedLine, refusedByGuard } from './ssh-epoch.ts';
import {
  appendFileLine,
  commandLine,
  epochLine,
  lookLine,
  MarkedOutput,
  moveFileLine,
  putFileLine,
  readFileLine,
  refusalOf,
  removeFileLine,
} from './ssh-shell-words.ts';

/** A remote shell's input and output (the Duplex) and its standard error; no terminal. */
export type ShellStream = Duplex & { readonly stderr: Readable };

const outputCapBytes = 1024 * 1024;
const maxFileBytes = 1024 * 1024;

/** What is running now: its two outputs, and whom to tell. */
type Running = {
  readonly out: MarkedOutput;
  readonly err: MarkedOutput;
  readonly finish: (ended: Ended) => void;
};
type Ended =
  | { readonly kind: 'exited'; readonly status: string; readonly output: SshOutput }
  | { readonly kind: 'time-limit' }
  | { readonly kind: 'lost'; readonly why: string };

/**
 * The channel over one open shell: commands run one after the other, in the order asked.
 *
 * A command that passes its limit cannot be stopped from here and may still be running, so the channel is lost with it:
 * the next answer could otherwise be taken for the late one. Nothing is ever sent twice and nothing reconnects.
 */
export function shellChannel(
  stream: ShellStream,
  at: { readonly host: string; readonly hostKey: string },
): SshChannel {
  let state: 'open' | 'lost' | 'closed' = 'open';
  let lostWhy = '';
  let running: Running | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  const listeners: ((why: string) => void)[] = [];

  const lose = (why: string): void => {
    if (state !== 'open') return;
    state = 'lost';
    lostWhy = why;
    running?.finish({ kind: 'lost', why });
    stream.destroy();
    for (const call of listeners.splice(0)) call(why);
  };
  const take = (which: 'out' | 'err', chunk: Buffer): void => {
    // Late output of an earlier command's background process belongs to nobody.
    if (running === null) return;
    running[which].push(chunk);
    if (running.out.end === null || running.err.end === null) return;
    running.finish({
      kind: 'exited',
      status: running.out.end,
      output: { stdout: running.out.text, stderr: running.err.text },
    });
  };
  stream.on('data', (chunk: Buffer) => take('out', chunk));
  stream.stderr.on('data', (chunk: Buffer) => take('err', chunk));
  stream.on('error', (error: Error) => lose(`the channel failed: ${error.message}`));
  stream.on('close', () => lose('the channel was closed by the host or the connection was lost'));

  const send = (line: string, mark: string, limitMs: number): Promise<Ended> =>
    new Promise((resolve) => {
      const timer = limitTimer(limitMs, () => running?.finish({ kind: 'time-limit' }));
      running = {
        out: new MarkedOutput(mark, outputCapBytes),
        err: new MarkedOutput(mark, outputCapBytes),
        finish: (ended) => {
          timer.cancel();
          running = null;
          resolve(ended);
          if (ended.kind === 'time-limit')
            lose(`a command passed its limit of ${limitMs} ms and may still be running`);
        },
      };
      stream.write(line);
    });

  /** Sends a line once those before it are through. It is answered within its limit, also where its turn never comes. */
  const ask = (makeLine: (mark: string) => string, limitMs: number): Promise<Answer<SshOutput>> => {
    const answers = answersFrom();
    const asked = performance.now();
    const notSent = (message: string): Answer<SshOutput> =>
      answers.none({ why: 'not-connected', message: `${at.host}: ${message}; nothing was sent` });
    const sent = async (): Promise<Answer<SshOutput>> => {
      if (state === 'lost') return notSent(`the channel is lost (${lostWhy})`);
      if (state === 'closed') return notSent('the channel was closed');
      const mark = `end${randomBytes(16).toString('hex')}`;
      const ended = await send(makeLine(mark), mark, limitMs - (performance.now() - asked));
      switch (ended.kind) {
        case 'exited':
          return ended.status === '0' ? answers.ok(ended.output) : answers.refused(exitWords(at.host, ended));
        case 'time-limit':
          return answers.none({
            why: 'time-limit',
            message: `${at.host}: no answer within ${limitMs} ms; the command may still be running, the channel is given up`,
          });
        case 'lost':
          return answers.none({
            why: 'session-lost',
            message: `${at.host}: ${ended.why}; what the command did is unknown`,
          });
      }
    };
    return new Promise((resolve) => {
      let givenUp = false;
      const patience = limitTimer(limitMs, () => {
        givenUp = true;
        resolve(notSent(`the limit of ${limitMs} ms passed behind an earlier command`));
      });
      queue = queue.then(async () => {
        patience.cancel();
        if (givenUp) return;
        const answer = sent();
        resolve(answer);
        await answer;
      });
    });
  };

  /** What changes a host, each line as `wrapped` makes it. */
  const effects = (wrapped: (line: string) => string): SshEffects => ({
    run: async (argv, limitMs) => {
      const refusal = refusalOf(argv);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      return ask((mark) => wrapped(commandLine(argv, mark)), limitMs);
    },
    putFile: async (path, content, limitMs) => {
      const refusal = fileRefusal(path, content);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      const line = (mark: string): string =>
        content === null ? removeFileLine(path, mark) : putFileLine(path, content, mark);
      const answer = await ask((mark) => wrapped(line(mark)), limitMs);
      return answer.kind === 'ok' ? readSha256(answer, content === null) : answer;
    },
    moveFile: async (from, to, limitMs) => {
      const refusal = fileRefusal(from, null) ?? fileRefusal(to, null);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      return ask((mark) => wrapped(moveFileLine(from, to, mark)), limitMs);
    },
    appendFile: async (path, add, limitMs) => {
      const refusal = fileRefusal(path, add.text);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      const answer = await ask((mark) => wrapped(appendFileLine(path, add, mark)), limitMs);
      if (answer.kind !== 'ok') return answer;
      const length = Number(answer.value.stdout.trim());
      return { ...answer, value: { length } };
    },
  });

  return {
    host: at.host,
    hostKey: at.hostKey,
    state: () => state,
    ...effects((line) => line),
    // What no driver stands behind only looks.
    run: async (argv, limitMs) => {
      const refusal = refusalOf(argv);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      return ask((mark) => lookLine(argv, limitMs, mark), limitMs);
    },
    as: (mark) => effects((line) => guardedLine(mark, line)),
    readFile: async (path, from, limitMs) => {
      const refusal = fileRefusal(path, null);
      if (refusal !== null) return answersFrom().refused({ code: null, message: `${at.host}: ${refusal}` });
      const answer = await ask((mark) => readFileLine(path, { from, limitMs }, mark), limitMs);
      return answer.kind === 'ok' ? { ...answer, value: filePart(answer.value.stdout, from) } : answer;
    },
    epoch: (mark, order, limitMs) => ask((end) => epochLine(mark, order, end), limitMs),
    onLost: (call) => {
      if (state === 'lost') call(lostWhy);
      else listeners.push(call);
    },
    close: async () => {
      if (state !== 'open') return;
      state = 'closed';
      running?.finish({ kind: 'lost', why: 'the channel was closed by the cockpit' });
      stream.end();
      stream.destroy();
    },
  };
}

function exitWords(
  host: string,
  ended: { readonly status: string; readonly output: SshOutput },
): { readonly code: number; readonly message: string; readonly ousted?: true } {
  const said = [ended.output.stderr.trim(), ended.output.stdout.trim()]
    .filter((part) => part !== '')
    .join('\n');
  const guard = refusedByGuard(ended.status);
  if (guard !== null)
    return {
      code: guard.code,
      message: `${host} ran nothing: ${said.slice(0, 4_096)}`,
      ...(guard.ousted ? { ousted: true } : {}),
    };
  const status = Number(ended.status);
  const code = Number.isInteger(status) ? status : 255;
  return { code, message: `${host}: exit status ${code}${said === '' ? '' : `: ${said.slice(0, 4_096)}`}` };
}

function fileRefusal(path: string, content: string | null): string | null {
  const words = refusalOf([path]);
  if (words !== null) return words;
  if (!/^(~?)\//.test(path) || path.endsWith('/'))
    return `expected the full path of a file, or one that begins with ~/, seen ${JSON.stringify(path)}`;
  if (content !== null && !content.isWellFormed())
    return 'the content holds broken Unicode: it would not arrive as it is';
  if (content !== null && Buffer.byteLength(content) > maxFileBytes)
    return `the content is over ${maxFileBytes} bytes`;
  return null;
}

function readSha256(
  answer: Extract<Answer<SshOutput>, { readonly kind: 'ok' }>,
  removed: boolean,
): Answer<{ readonly sha256: string | null }> {
  const { value, ...stamp } = answer;
  const printed = /^[0-9a-f]{64}\b/.exec(value.stdout)?.[0] ?? null;
  const asked = removed ? value.stdout.trim() === 'absent' : printed !== null;
  if (asked) return { ...stamp, kind: 'ok', value: { sha256: removed ? null : printed } };
  const message = `expected a SHA-256 to be read back, seen ${JSON.stringify(value.stdout.slice(0, 200))}`;
  return { kind: 'refused', code: null, message, takenAt: stamp.takenAt, tookMs: stamp.tookMs };
}

/** Whole lines as long as more follows: a part may end in the middle of one, and of a letter. */
function filePart(stdout: string, from: number): FilePart | null {
  const [first = '', ...rest] = stdout.split('\n');
  if (first.trim() === 'absent') return null;
  const length = Number(first);
  const bytes = Buffer.from(rest.join(''), 'base64');
  const whole = from + bytes.length >= length ? bytes : bytes.subarray(0, wholeBytes(bytes));
  return { length, text: whole.toString('utf8'), next: from + whole.length };
}
