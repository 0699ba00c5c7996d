import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { limitTimer } from '../../main/adapters/limit-timer.ts';

/** This whole process stands still, as on a full processor or a laptop that sleeps. */
const standStill = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

async function pair(): Promise<{ readonly near: Socket; readonly far: Socket; readonly end: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  return {
    near,
    far,
    end: () => {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
}

test('an answer that lay in the socket while this process stood still comes before the limit', async () => {
  const { near, far, end } = await pair();
  const seen: string[] = [];
  const limit = Promise.withResolvers<void>();
  limitTimer(30, () => {
    seen.push('limit');
    limit.resolve();
  });
  near.once('data', () => seen.push('answer'));
  far.write('answer');
  standStill(120);
  await limit.promise;
  end();
  expect(seen).toEqual(['answer', 'limit']);
});

test('it fires when nothing came, and not after it was cancelled, not even while it looks', async () => {
  const fired: string[] = [];
  limitTimer(5, () => fired.push('first'));
  limitTimer(5, () => fired.push('cancelled')).cancel();
  const looking = limitTimer(5, () => fired.push('looking'));
  const begun = performance.now();
  const cancelled = new Promise<void>((over) => {
    setTimeout(() => {
      looking.cancel();
      over();
    }, 5);
  });
  // Every timer is late then: the one that cancels runs in the same turn as the limits, before any of them has looked.
  standStill(20);
  await cancelled;
  await new Promise((over) => setTimeout(over, 30));
  expect(fired).toEqual(['first']);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
});
