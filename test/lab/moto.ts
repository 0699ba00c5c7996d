import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { leadAws, shopZone, worldAt, type Route53World } from '../helpers/route53-world.ts';
import { freePort } from '../helpers/free-ports.ts';
import { stopChild } from './loopback-sshd.ts';

/** moto: Route 53 and STS by people who do not know this product. */

const tree = join(process.env['COCKPIT_LAB_CACHE'] ?? '/var/cache/cutover-lab', 'mysql');
const inTree = existsSync(join(tree, 'usr/lib/python3/dist-packages/moto')) && process.getuid?.() === 0;
const [program = '', ...before] = inTree ? ['chroot', tree, 'python3'] : ['python3'];
const account = '123456789012';

/** Says why moto cannot be started here, or undefined. */
export function whyNoMoto(): string | undefined {
  const tried = spawnSync(program, [...before, '-c', 'import moto.server'], { timeout: 60_000 });
  if (tried.status === 0) return undefined;
  return `no moto for ${[program, ...before].join(' ')}: resources/dev/lab-servers.sh moto brings it (as root)`;
}

/** Starts moto with one empty zone, and the adapter on it. */
export async function motoWorld(): Promise<Route53World> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(program, [...before, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  try {
    return worldAt({
      endpoint,
      account,
      hostedZoneId: await firstZone(endpoint),
      stop: () => stopChild(server),
    });
  } catch (error) {
    await stopChild(server);
    throw error;
  }
}

/** It takes some seconds until it listens. */
async function firstZone(endpoint: string): Promise<string> {
  const restore = leadAws(endpoint);
  const client = new Route53Client({ region: 'us-east-1', maxAttempts: 1 });
  try {
    return await createdZone(client);
  } finally {
    client.destroy();
    restore();
  }
}

async function createdZone(client: Route53Client): Promise<string> {
  let last: unknown;
  for (let times = 0; times < 240; times += 1) {
    try {
      const made = await client.send(new CreateHostedZoneCommand({ Name: shopZone, CallerReference: 'one' }));
      return made.HostedZone?.Id?.split('/').at(-1) ?? '';
    } catch (error) {
      last = error;
      await new Promise((waited) => setTimeout(waited, 500));
    }
  }
  throw new Error('moto did not come up', { cause: last });
}
