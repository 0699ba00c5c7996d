import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCredentials } from '../../main/adapters/credentials.ts';
import { createMysql } from '../../main/adapters/mysql.ts';
import { smallPlan } from '../helpers/small-plan.ts';

describe('a rogue server', () => {
  let rogue: Server;
  let port = 0;
  const sockets: Socket[] = [];
  let asked: Buffer = Buffer.alloc(0);

  beforeAll(async () => {
    rogue = createServer((socket) => {
      sockets.push(socket);
      let packets = 0;
      socket.write(packet(0, greeting()));
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        packets += 1;
        // Login is accepted; the first statement is answered with a demand for a file of this laptop.
        if (packets === 1) socket.write(packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0])));
        else if (packets === 2)
          socket.write(packet(1, Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/passwd')])));
        else {
          asked = Buffer.concat([asked, data]);
          socket.write(packet(3, Buffer.from([0, 0, 0, 2, 0, 0, 0])));
        }
      });
    });
    port = await new Promise((resolve) => {
      rogue.listen(0, '127.0.0.1', () => {
        const address = rogue.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => rogue.close(resolve));
  });

  test('that asks for a local file gets none, and is not trusted any further', async () => {
    const account = { user: 'cockpit', environment: 'OPERATOR' };
    const plan = smallPlan({
      accounts: { operator: account, plain: account },
      instances: [
        { id: 'a1', host: 'h-source', port, via: 'direct', tls: { mode: 'DISABLED' } },
        { id: 'e1', host: 'h-target' },
      ],
    });
    const mysql = createMysql(plan, {
      credentials: createCredentials({
        planFolder: '/',
        redactor: { register: () => undefined },
        environment: { OPERATOR: 'secret' },
      }),
      connectStream: () => Promise.resolve({ kind: 'refused', reason: 'other', message: 'no SSH here' }),
    });
    const opened = await mysql.open('a1', 'act', 3_000);
    expect(opened).toMatchObject({ kind: 'refused', reason: 'unreachable' });
    // The demand was answered with the empty packet that ends it: not one byte of a file.
    expect(asked).toEqual(Buffer.from([0, 0, 0, 2]));
    await new Promise<void>((resolve) => {
      for (const socket of sockets)
        if (socket.destroyed) resolve();
        else socket.once('close', () => resolve());
    });
  });
});

function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, payload]);
}

/** The first packet of a server that offers the old password method and LOCAL INFILE. */
function greeting(): Buffer {
  const capabilities = 0x000fffff & ~0x800;
  const low = Buffer.alloc(2);
  low.writeUInt16LE(capabilities & 0xffff);
  const high = Buffer.alloc(2);
  high.writeUInt16LE((capabilities >>> 16) & 0xffff);
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from('10.11.0-MariaDB\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('12345678\0'),
    low,
    Buffer.from([45, 2, 0]),
    high,
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0'),
    Buffer.from('mysql_native_password\0'),
  ]);
}
