import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../main/adapters/clock.ts';
import { dnsClient } from '../../main/adapters/dns.ts';
import { startDnsWatch } from '../../main/engine/dns-watch.ts';
import type { DnsPort } from '../../main/ports.ts';
import { dnsSchema } from '../../shared/plan/plan-dns.ts';
import { startDnsServers, whyNoDnsServers } from '../lab/dns-servers.ts';
import { referencePlan } from '../helpers/reference-plan.ts';

/**
 * What the readout costs and how late it is: `node test/bench/dns-readout.ts [resolvers]`. A real knot answers as every
 * server of the matrix (4 of the zone, 30 resolvers unless said otherwise) × 2 names × 3 groups of users; ends with one
 * JSON object on stdout. The cost is of this process alone.
 */
const missing = whyNoDnsServers();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
const resolvers = Number(process.argv[2] ?? 30);
const windowMs = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'cockpit-dns-bench-'));
const names = ['www', 'api'];
const zone = (address: string): readonly string[] => [
  ...names.map((name) => `${name} 60 A ${address}`),
  ...[2, 3, 4].flatMap((each) => [`@ 60 NS ns${each}.shop.example.`, `ns${each} 60 A 127.0.0.${each}`]),
];
const servers = await startDnsServers(folder, zone('192.0.2.1'));
const client = dnsClient();
// Every server of the matrix is the one knot; 127.0.0.x is only how they are told apart.
const port: DnsPort = {
  ask: (ask) => client.ask({ ...ask, server: { address: '127.0.0.1', port: servers.authoritative } }),
};
const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];
const dns = dnsSchema.parse({
  zones: [{ id: 'shop', hostedZoneId: 'Z1', name: 'shop.example' }],
  records: names.flatMap((name) =>
    regions.map((region) => ({
      zone: 'shop',
      name: `${name}.shop.example`,
      type: 'A',
      setIdentifier: region,
      before: { ttlSeconds: 60, values: ['192.0.2.1'], region },
      after: { ttlSeconds: 60, values: ['198.51.100.1'], region },
    })),
  ),
  users: regions.map((region, index) => ({ id: region, clientSubnet: `203.0.${113 + index}.0/24`, region })),
  resolvers: Array.from({ length: resolvers }, (_, index) => ({
    id: `r${index}`,
    address: `127.1.${index >> 8}.${index & 255}`,
    region: 'us-east-1',
    clientSubnet: true,
  })),
});
const clock = createClock();
const watch = startDnsWatch({
  plan: { ...referencePlan(), appFleets: [] },
  dns,
  ports: {
    clock,
    dns: port,
    ssh: { open: () => Promise.reject(new Error('no host')), acceptHostKey: () => Promise.resolve() },
  },
  mode: () => 'minute',
  failed: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`),
});
const pause = (ms: number): Promise<void> => new Promise((over) => setTimeout(over, ms));
await pause(12_000);
const rows = watch.readout().rows.length;
const before = process.cpuUsage();
const begun = performance.now();
await pause(windowMs);
const used = process.cpuUsage(before);
const seconds = (performance.now() - begun) / 1_000;
const pace = watch.readout().pace;

// The moment at which the server itself answers the target, looked for every 5 ms; then each row's own.
servers.write(zone('198.51.100.1'));
let turnedAt = 0;
for (let looks = 0; turnedAt === 0 && looks < 4_000; looks += 1) {
  const reply = await port.ask({
    server: { address: '127.0.0.1', port: 53 },
    question: { name: 'www.shop.example', type: 'A' },
    recursion: false,
    clientSubnet: null,
    limitMs: 1_000,
  });
  if (reply.kind === 'answered' && reply.answers.some(({ data }) => data === '198.51.100.1'))
    turnedAt = Date.now();
  else await pause(5);
}
await pause(pace.intervalMs * 2 + 1_000);
const late = watch
  .readout()
  .rows.map(({ seen }) => (seen?.turnedAt ?? Infinity) - turnedAt)
  .toSorted((left, right) => left - right);
await watch.stop();
await servers.stop();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(
  `${JSON.stringify({
    rows,
    says: pace.says,
    achievedMs: pace.achievedMs,
    corePercent: Number(((used.user + used.system) / 10_000 / seconds).toFixed(2)),
    turnedAfterMs: { median: late[late.length >> 1], worst: late.at(-1), allowed: pace.intervalMs + 300 },
  })}\n`,
);
process.exit(0);
