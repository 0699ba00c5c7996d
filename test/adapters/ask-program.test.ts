import { describe, expect, test } from 'vitest';
import { askProgram } from '../../main/adapters/ask-program.ts';

describe('a program that is asked', () => {
  test('answers with its status and both outputs', async () => {
    const asked = await askProgram('/bin/sh', ['-c', 'cat; echo out; echo err >&2; exit 3'], 20_000);
    expect(asked).toEqual({ kind: 'ended', status: 3, stdout: 'out\n', stderr: 'err\n' });
    expect(await askProgram('no-such-program-anywhere', [], 20_000)).toEqual({ kind: 'absent' });
  });

  test('is late beyond its limit, and an answer that was not read in time is never an empty one', async () => {
    expect(await askProgram('/bin/sleep', ['60'], 50)).toEqual({ kind: 'late' });
    const asked = askProgram('/bin/echo', ['answer'], 20);
    // This process is held up until the program has ended and the limit is over.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    const answer = await asked;
    if (answer.kind === 'ended') expect(answer.stdout).toBe('answer\n');
    else expect(answer).toEqual({ kind: 'late' });
  });
});
