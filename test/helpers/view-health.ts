import type { HealthCheckView, HealthView, RegionLook } from '../../shared/contract/health-view.ts';
import { at } from './view-chains.ts';

const checkers = ['eu-west-1', 'us-east-1', 'us-west-2'] as const;
const looksOf = (bad: (at: number) => RegionLook): readonly RegionLook[] =>
  Array.from({ length: 30 }, (_, look) => bad(look));
function check(part: Partial<HealthCheckView> & Pick<HealthCheckView, 'check' | 'side'>): HealthCheckView {
  return {
    state: 'as-planned',
    why: '',
    regions: checkers.map((region) => ({ region, looks: looksOf(() => 'healthy'), healthy: 2, of: 2 })),
    fromUtcMs: at - 290_000,
    toUtcMs: at - 4_000,
    stable: { intervals: 9, wanted: 3 },
    detection: { intervalSeconds: 30, threshold: 3, seconds: 90 },
    dependsOnWrites: false,
    ...part,
  };
}

/** Checks as they may stand: good, one region against it, one that died, and one that nobody has made. */
export const health: HealthView = {
  checks: [
    check({ check: 'east-source', side: 'source' }),
    check({
      check: 'east-target',
      side: 'target',
      stable: { intervals: 0, wanted: 3 },
      regions: checkers.map((region) => ({
        region,
        looks: looksOf((look) =>
          region === 'eu-west-1' && look > 20 ? (look > 25 ? 'unhealthy' : 'part') : 'healthy',
        ),
        healthy: region === 'eu-west-1' ? 0 : 2,
        of: 2,
      })),
    }),
    check({
      check: 'west-target',
      side: 'target',
      state: 'differs',
      why: 'port: planned 443, seen 8443; path: planned /health, seen /status. Correct it, or the plan.',
      dependsOnWrites: true,
      stable: { intervals: 0, wanted: 3 },
      regions: checkers.map((region) => ({
        region,
        looks: looksOf((look) => (look < 4 ? 'none' : look < 12 ? 'healthy' : 'unhealthy')),
        healthy: 0,
        of: 2,
      })),
    }),
    check({
      check: 'south-target',
      side: 'target',
      state: 'missing',
      why: 'The plan has no id of it: cockpit dns health PLAN --create makes it, and says its id.',
      regions: [],
      fromUtcMs: null,
      toUtcMs: null,
      stable: { intervals: 0, wanted: 3 },
    }),
  ],
  unchecked: ['cdn.shop.example A (us-west-2)'],
  traps: [
    'Every endpoint of api.shop.example A on the target is unhealthy: Route 53 answers as if all were healthy, and dead ones are served like living ones.',
  ],
};
