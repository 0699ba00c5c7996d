import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requests } from '../../shared/contract/api.ts';
import type { RequestName } from '../../shared/contract/api.ts';
import { createDispatcher } from '../../main/shells/dispatch.ts';
import type { Handlers } from '../../main/shells/dispatch.ts';

const names = Object.keys(requests) as RequestName[];
const good: { readonly [K in RequestName]: unknown } = {
  view: {},
  prepare: {},
  proveZones: { who: 'w' },
  answerChecklist: { item: 'i', answer: 'yes', who: 'w' },
  overrideGate: { gate: 'g', reason: 'because', who: 'w' },
  withdrawOverride: { gate: 'g', who: 'w' },
  acceptHostKey: { host: 'h', fingerprint: 'f', who: 'w' },
  arm: { who: 'w' },
  disarm: {},
  release: { hold: 'h', permit: 'p', who: 'w' },
  abort: { who: 'w', reason: '' },
  resume: { run: 'r', who: 'w' },
  takeover: { run: 'r', who: 'w' },
  retry: { step: 's', who: 'w' },
  close: { who: 'w' },
  reverse: { who: 'w' },
  startOver: { who: 'w' },
  exportAudit: { format: 'json' },
};

function recording(): { readonly calls: string[]; readonly handlers: Handlers } {
  const calls: string[] = [];
  const entries = names.map((name) => [
    name,
    () => {
      calls.push(name);
      return Promise.resolve({ ok: true, value: null });
    },
  ]);
  return { calls, handlers: Object.fromEntries(entries) as Handlers };
}

test.each(names)(
  '%s reaches its handler when the driver asks, and an observer only when nothing changes',
  async (name) => {
    const { calls, handlers } = recording();
    const dispatcher = createDispatcher(handlers, () => () => {});
    expect(await dispatcher.handle(name, good[name], { role: 'driver' })).toEqual({ ok: true, value: null });
    const observed = await dispatcher.handle(name, good[name], { role: 'observer' });
    expect(observed.ok).toBe(!requests[name].mutates);
    expect(calls.length).toBe(requests[name].mutates ? 1 : 2);
  },
);

test.each(names)('%s with an unknown key is refused', async (name) => {
  const { calls, handlers } = recording();
  const dispatcher = createDispatcher(handlers, () => () => {});
  const input = { ...(good[name] as object), sql: 'DROP DATABASE x' };
  expect((await dispatcher.handle(name, input, { role: 'driver' })).ok).toBe(false);
  expect(calls).toEqual([]);
});

test('no name and no input from outside reaches a handler unparsed, and none throws', async () => {
  const { calls, handlers } = recording();
  const dispatcher = createDispatcher(handlers, () => () => {});
  const name = fc.oneof(
    fc.constantFrom(...names),
    fc.string(),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
  );
  await fc.assert(
    fc.asyncProperty(name, fc.anything(), async (asked, input) => {
      calls.length = 0;
      const reply = await dispatcher.handle(asked, input, { role: 'driver' });
      const known = names.find((candidate) => candidate === asked);
      const valid = known !== undefined && requests[known].input.safeParse(input).success;
      expect(reply.ok).toBe(valid);
      expect(calls.length).toBe(valid ? 1 : 0);
    }),
    { numRuns: 10_000 },
  );
});

test('a refused input is named by its path, never by its value', async () => {
  const dispatcher = createDispatcher(recording().handlers, () => () => {});
  const reply = await dispatcher.handle(
    'abort',
    { who: 'w', reason: 7, password: 'hunter2' },
    { role: 'driver' },
  );
  expect(JSON.stringify(reply)).not.toContain('hunter2');
});

test('a handler that throws answers its message instead of nothing', async () => {
  const { handlers } = recording();
  const dispatcher = createDispatcher(
    { ...handlers, view: () => Promise.reject(new Error('no fold')) },
    () => () => {},
  );
  const reply = await dispatcher.handle('view', {}, { role: 'observer' });
  expect(reply).toEqual({ ok: false, message: expect.stringContaining('no fold') as unknown });
});
