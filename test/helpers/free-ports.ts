import { createServer, type Server } from 'node:net';

/**
 * Free ports of the loopback for servers under test, below those that the kernel gives to outgoing connections: between the
 * moment a port is found free and the moment its server takes it, the load of another test would take it now and then.
 */
const lowest = 12_000;
const above = 32_000;
const mostTries = 200;

/** One port that nobody has now. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** So many ports that nobody has now. Held open together, so that none is given twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: { readonly port: number; readonly server: Server }[] = [];
  try {
    for (let tries = 0; held.length < count; tries += 1) {
      if (tries >= mostTries + count)
        throw new Error(`no free port on 127.0.0.1 between ${lowest} and ${above}`);
      // Tests that run at the same time must not try the same ones in the same order.
      const port = lowest + Math.floor(Math.random() * (above - lowest));
      const server = await listenOn(port).catch(() => null);
      if (server !== null) held.push({ port, server });
    }
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ server }) => new Promise((closed) => server.close(closed))));
  }
}

/** A listener on a port of the loopback; rejects when somebody has it. */
export function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
