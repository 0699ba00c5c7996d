import { startEmulator, type Emulator } from '../../main/emulator/emulator.ts';
import type { EmulatedAccount } from '../../main/emulator/emulated-aws.ts';
import { createRoute53 } from '../../main/adapters/route53.ts';
import type { Route53Port, ZoneChannel } from '../../main/ports.ts';
import { dnsSchema, type PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { Answer } from '../../shared/sessions/session.ts';

/** One implementation of Route 53 with a zone `shop` that a test may change, and the port to it. */
export type Route53World = {
  readonly account: string;
  readonly hostedZoneId: string;
  /** The port for a DNS section; the zone has the id `shop` unless another section is given. */
  readonly port: (change?: Partial<PlannedDns>) => Route53Port;
  /** A channel to the zone; it must open. */
  readonly open: () => Promise<ZoneChannel>;
  readonly waitMs: (ms: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const shopZone = 'shop.example';

/** The DNS section of a plan with one zone. */
export function dnsOf(hostedZoneId: string, change: Partial<PlannedDns> = {}): PlannedDns {
  const dns = dnsSchema.parse({ zones: [{ id: 'shop', hostedZoneId: 'Z1', name: shopZone }], records: [] });
  // moto gives ids that Route 53 would not.
  return { ...dns, zones: dns.zones.map((zone) => ({ ...zone, hostedZoneId })), ...change };
}

/** Leads every AWS client of this process to one endpoint, with keys that mean nothing anywhere else. */
export function leadAws(endpoint: string): () => void {
  const set: Readonly<Record<string, string>> = {
    AWS_ENDPOINT_URL_ROUTE_53: endpoint,
    AWS_ENDPOINT_URL_STS: endpoint,
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const before = Object.keys(set).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, set);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}

/** What a channel must have answered. */
export function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind !== 'ok') throw new Error(`expected an answer, seen ${JSON.stringify(answer)}`);
  return answer.value;
}

/** The adapter on an endpoint that is up. */
export function worldAt(at: {
  readonly endpoint: string;
  readonly account: string;
  readonly hostedZoneId: string;
  readonly stop: () => Promise<void>;
}): Route53World {
  const restore = leadAws(at.endpoint);
  const channels: ZoneChannel[] = [];
  const port: Route53World['port'] = (change) => createRoute53({ dns: dnsOf(at.hostedZoneId, change) });
  return {
    account: at.account,
    hostedZoneId: at.hostedZoneId,
    port,
    open: async () => {
      const opened = await port().open('shop', 20_000);
      if (opened.kind === 'refused') throw new Error(opened.message);
      channels.push(opened.channel);
      return opened.channel;
    },
    waitMs: (ms) => new Promise((waited) => setTimeout(waited, ms)),
    stop: async () => {
      await Promise.all(channels.map((channel) => channel.close()));
      restore();
      await at.stop();
    },
  };
}

/** The emulator, and the adapter on it. */
export async function emulatorWorld(
  sets: readonly RecordSet[] = [],
  change: Partial<EmulatedAccount> = {},
): Promise<Route53World & { readonly emulator: Emulator }> {
  const account = '123456789012';
  const hostedZoneId = 'Z0EMULATED';
  const emulator = await startEmulator({
    account,
    zones: [{ hostedZoneId, name: shopZone, view: 'public', sets }],
    insyncAfterMs: 0,
    visibleAfterMs: 0,
    users: [],
    now: Date.now,
    requestsASecond: 1_000,
    ...change,
  });
  const world = worldAt({ endpoint: emulator.endpoint, account, hostedZoneId, stop: emulator.stop });
  return { ...world, emulator };
}
