import { createSimulator } from '../../main/simulator/simulator.ts';
import { present } from '../../shared/lib/assert.ts';
import { aroundRoute53, type AroundCall } from '../helpers/around-zone.ts';
import { referencePlan } from '../helpers/reference-plan.ts';
import type { Lacks } from './route53-abilities.ts';
import type { Route53World } from '../helpers/route53-world.ts';
import { route53Suite } from './route53-suite.ts';

/** One account, no checks but those of the plan, which are all as it says. */
const lacks: Lacks = new Map([
  ['other-accounts', /expected 'open' to match .*999999999999/],
  ['checks', /expected null to deeply equal/],
  ['check-regions', /to deeply equal \[ 'eu-west-1'/],
  ['check-references', /expected \{ kind: 'ok'.* to match object \{ kind: 'refused', code: 409 \}/],
  ['unknown-checks', /expected \{ kind: 'ok'.* to match object \{ kind: 'refused', code: 404 \}/],
]);

const ground = async (): Promise<Route53World> => {
  const plan = referencePlan();
  const dns = present(plan.dns, 'the DNS of the reference case');
  const world = createSimulator(plan);
  /** Time stands still by itself: it is driven until the answer is there. */
  const driven =
    ({ clock }: typeof world): AroundCall =>
    async (work) => {
      let over = false;
      const asked = work().finally(() => (over = true));
      await clock.run(() => over, 60_000_000);
      return asked;
    };
  const route53 = aroundRoute53(world.ports.route53, driven(world));
  return {
    account: '111122223333',
    hostedZoneId: present(dns.zones[0], 'a zone of the reference case').hostedZoneId,
    port: (change) => {
      const other = createSimulator({ ...plan, dns: { ...dns, ...change } });
      return aroundRoute53(other.ports.route53, driven(other));
    },
    open: async () => {
      const opened = await route53.open('shop', 5_000);
      if (opened.kind === 'refused') throw new Error(opened.message);
      return opened.channel;
    },
    waitMs: async (ms) => void (await world.clock.run(world.clock.nowMs() + ms)),
    stop: () => Promise.resolve(),
  };
};

route53Suite('the simulated Route 53', ground, lacks);
