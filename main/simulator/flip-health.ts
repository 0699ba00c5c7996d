import type { Plan } from '../../shared/plan/plan.ts';
import type { RoutingState } from '../../shared/sessions/zone-answers.ts';
import type { SimulatorClock } from './clock.ts';
import { simulatedCheckId } from './zone-world.ts';

/** What is seen of a host here. */
type HostFiles = { readonly id: string; readonly files: ReadonlyMap<string, string> };

/** What Route 53's health checks make of what the flip turns: files on hosts, or routing controls. */
export type FlipHealth = {
  /** By the id in Route 53; a check that looks at no file and follows no routing control is healthy. */
  readonly isHealthy: (healthCheckId: string) => boolean;
  /** A file of a host may just have been put there or taken away. */
  readonly noted: (host: HostFiles, path: string) => void;
  /** A routing control may just have been turned. */
  readonly turned: (arn: string) => void;
};

type Watched = {
  readonly checkId: string;
  /** A checker must see it so many times on end before it counts; a routing control is followed after so long. */
  readonly delayMs: number;
  /** When it came and went; it is told by what stood long enough ago. */
  readonly changes: { readonly at: number; readonly there: boolean }[];
};

/** What the flip of a plan turns, as it is found, with what Route 53 has seen of each. */
export function makeFlipHealth(
  { dns }: Plan,
  truth: {
    readonly hosts: ReadonlyMap<string, HostFiles>;
    readonly cluster: { readonly states: ReadonlyMap<string, RoutingState> };
  },
  clock: Pick<SimulatorClock, 'nowMs'>,
): FlipHealth {
  const keyOf = (host: string, path: string): string => `${host} ${path}`;
  const isOn = (arn: string): boolean => truth.cluster.states.get(arn) === 'On';
  const watched = new Map<string, Watched>();
  for (const { host, path, healthCheck } of dns?.flip?.files ?? []) {
    const check = dns?.healthChecks.find(({ id }) => id === healthCheck);
    if (dns === undefined || check === undefined || check.type === 'EXISTING') continue;
    watched.set(keyOf(host, path), {
      checkId: simulatedCheckId(dns, healthCheck),
      delayMs: check.intervalSeconds * check.failureThreshold * 1_000,
      changes: [{ at: -Infinity, there: truth.hosts.get(host)?.files.has(path) ?? false }],
    });
  }
  const { controls = [], followSeconds = 0 } = dns?.flip?.cluster ?? {};
  for (const { arn, healthCheck } of controls)
    if (dns !== undefined)
      watched.set(arn, {
        checkId: simulatedCheckId(dns, healthCheck),
        delayMs: followSeconds * 1_000,
        changes: [{ at: -Infinity, there: isOn(arn) }],
      });
  const note = (key: string, there: boolean): void => {
    const changes = watched.get(key)?.changes;
    if (changes !== undefined && changes.at(-1)?.there !== there) changes.push({ at: clock.nowMs(), there });
  };
  return {
    isHealthy: (healthCheckId) => {
      const now = clock.nowMs();
      return [...watched.values()].every(
        ({ checkId, delayMs, changes }) =>
          checkId !== healthCheckId || (changes.findLast(({ at }) => at + delayMs <= now)?.there ?? true),
      );
    },
    noted: (host, path) => note(keyOf(host.id, path), host.files.has(path)),
    turned: (arn) => note(arn, isOn(arn)),
  };
}
