import { expect, test } from 'vitest';
import { readOutsideLinks } from '../../main/engine/outside-links.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

/** The reference plan beside a provider's zone, in which one name leads on to another. */
function withProvider(ahead = 'pool.provider.test'): Plan & { readonly dns: NonNullable<Plan['dns']> } {
  const plan = referencePlan();
  const { dns } = plan;
  if (dns === undefined) throw new Error('the reference plan names a zone');
  const provider = { id: 'provider', hostedZoneId: 'Z2', name: 'provider.test', view: 'public' as const };
  const held = (name: string, type: 'A' | 'CNAME', ttlSeconds: number, value: string) => {
    const side = { ttlSeconds, values: [value] };
    return { zone: 'provider', name, type, before: side, after: side };
  };
  return {
    ...plan,
    dns: {
      ...dns,
      zones: [...dns.zones, provider],
      records: [
        ...dns.records,
        held('edge.provider.test', 'CNAME', 7_200, ahead),
        held('pool.provider.test', 'A', 1_800, '192.0.2.99'),
      ],
      runway: { ...dns.runway, ttlSeconds: 604_800 },
    },
  };
}

async function read(
  plan: ReturnType<typeof withProvider>,
  breaks: (simulator: ReturnType<typeof createSimulator>) => void = () => undefined,
  resolvers = plan.dns.resolvers,
) {
  const simulator = createSimulator(plan);
  breaks(simulator);
  const around = { dns: { resolvers }, view: 'public' } as const;
  const reading = readOutsideLinks(simulator.ports.dns, 'edge.provider.test', around);
  let over = false;
  void reading.then(() => (over = true));
  await simulator.clock.run(() => over, 120_000);
  return reading;
}

test('each link has the whole TTL that its own servers give, whatever a cache has left of it', async () => {
  const links = await read(withProvider());
  if (!links.ok) throw new Error(links.error);
  expect(links.value.map(({ ttlSeconds, lowered }) => [ttlSeconds, lowered])).toEqual([
    [7_200, false],
    [1_800, false],
  ]);
});

test('one server that answers is enough; where none does, it is not known', async () => {
  const dead = (servers: readonly number[]) => (simulator: ReturnType<typeof createSimulator>) => {
    for (const server of servers) simulator.world.dns.break(`198.18.2.${server}`, { way: 'servfail' });
  };
  expect((await read(withProvider(), dead([1, 2, 3]))).ok).toBe(true);
  const none = await read(withProvider(), dead([1, 2, 3, 4]));
  expect(none.ok ? '' : none.error).toContain('edge.provider.test');
});

test('a chain that leads back ends; without a resolver nothing can be found, and that is said', async () => {
  const loop = await read(withProvider('edge.provider.test'));
  expect(loop.ok && loop.value).toHaveLength(1);
  const none = await read(withProvider(), undefined, []);
  expect(none.ok ? '' : none.error).toContain('dns.resolvers');
});
