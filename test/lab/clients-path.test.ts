import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userVisibleDowntimeMs } from '../../shared/observations/figures.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { acknowledgedOn, clientsOf, eventually, planWith, removeClients } from './clients-ground.ts';
import { freePort } from '../helpers/free-ports.ts';

afterAll(removeClients);

describe('clients that go through the application', () => {
  let app: Server;
  let plan: Plan;
  let answer: 'ok' | 'closed' | 'broken' | 'silent' = 'ok';
  const stored = new Set<string>();

  beforeAll(async () => {
    app = createServer((request, response) => {
      if (answer === 'silent') return;
      if (answer !== 'ok') return void response.writeHead(answer === 'closed' ? 503 : 500).end('not now');
      if (request.method === 'GET') {
        return void response
          .writeHead(stored.has(decodeURIComponent(request.url?.slice(6) ?? '')) ? 200 : 404)
          .end();
      }
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const parsed: unknown = JSON.parse(body);
        if (typeof parsed === 'object' && parsed !== null && 'id' in parsed) stored.add(String(parsed.id));
        response.writeHead(200).end();
      });
    });
    const port = await freePort();
    await new Promise<void>((resolve) => app.listen(port, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${port}`;
    const client = { id: 'user', kind: 'http' as const, chain: 'orders', region: 'ec2', limitMs: 300 };
    plan = planWith([{ ...client, writeUrl: `${url}/write`, readUrl: `${url}/read/` }], [1, 2]);
  });
  afterAll(() => {
    app.closeAllConnections();
    app.close();
  });

  test('measure the downtime that users see, and read their writes back', async () => {
    const { port } = clientsOf(plan);
    await port.start();
    await eventually('writes', () => (port.facts()[0]?.acknowledged ?? 0) > 5);
    const closed = Date.now();
    answer = 'closed';
    await eventually('refusals', () => (port.facts()[0]?.refused ?? 0) > 5);
    answer = 'broken';
    await eventually('unknowns', () => (port.facts()[0]?.unknown ?? 0) > 5);
    const opened = Date.now();
    answer = 'ok';
    await eventually(
      'writes again',
      async () => acknowledgedOn(await port.writes(opened), 'path').length > 5,
    );
    await port.stop();
    const writes = await port.writes(0);
    const downtime = userVisibleDowntimeMs(plan, writes) ?? -1;
    expect(downtime).toBeGreaterThan((opened - closed) / 2);
    // At most the one write whose reading back met the closed door.
    expect(
      acknowledgedOn(writes, 'path').filter((write) => write.readBack !== 'found').length,
    ).toBeLessThanOrEqual(1);
    const ids = acknowledgedOn(writes, 'path').map((write) => write.id);
    expect(await port.missing('orders', 'new', ids)).toMatchObject({ kind: 'ok', value: [] });
    stored.delete(ids[3] ?? '');
    expect(await port.missing('orders', 'new', ids)).toMatchObject({ kind: 'ok', value: [ids[3]] });
    answer = 'broken';
    expect(await port.missing('orders', 'new', ids)).toMatchObject({ kind: 'refused' });
    answer = 'ok';
  });

  test('a canary answers with its time, with the status it was refused with, or with how it was left alone', async () => {
    const { port } = clientsOf(plan);
    expect(await port.canary('user', 'canary-1', 1_000)).toMatchObject({
      kind: 'ok',
      value: { ms: expect.any(Number) },
    });
    answer = 'closed';
    expect(await port.canary('user', 'canary-2', 1_000)).toMatchObject({ kind: 'refused', code: 503 });
    answer = 'silent';
    expect(await port.canary('user', 'canary-3', 200)).toMatchObject({ kind: 'none', why: 'time-limit' });
    answer = 'ok';
    expect(await port.canary('nobody', 'canary-4', 200)).toMatchObject({ kind: 'refused', code: null });
    const url = `http://127.0.0.1:${await freePort()}`;
    const user = plan.clients[0];
    if (user?.kind !== 'http') throw new Error('the plan has one http client');
    const nowhere = clientsOf({
      ...plan,
      clients: [{ ...user, writeUrl: `${url}/w`, readUrl: `${url}/r/` }],
    });
    expect(await nowhere.port.canary('user', 'canary-5', 1_000)).toMatchObject({
      kind: 'none',
      why: 'not-connected',
    });
  });
});
