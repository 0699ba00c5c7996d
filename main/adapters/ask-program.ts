import { execFile } from 'node:child_process';

/** What a small program of this machine answered; `late` when it was ended at its limit, `absent` when there is none. */
export type Asked =
  | { readonly kind: 'ended'; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'absent' };

const maxOutputBytes = 1024 * 1024;

/**
 * Runs a program that answers at once and reads what it prints.
 *
 * The limit is kept here and not by execFile: when this process was held up beyond it, execFile drops the output of a
 * program that has already ended well and calls that a success, and an empty answer is taken for a real one.
 */
export function askProgram(program: string, argv: readonly string[], limitMs: number): Promise<Asked> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ kind: 'late' });
      asked.kill('SIGKILL');
    }, limitMs);
    const asked = execFile(
      program,
      [...argv],
      { maxBuffer: maxOutputBytes, encoding: 'utf8' },
      (error, stdout, stderr) => {
        clearTimeout(timer);
        if (error?.code === 'ENOENT') resolve({ kind: 'absent' });
        else resolve({ kind: 'ended', status: statusOf(error), stdout, stderr });
      },
    );
    asked.stdin?.end();
  });
}

function statusOf(error: (Error & { readonly code?: unknown }) | null): number {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : 255;
}
