import type { Plan } from '../../shared/plan/plan.ts';
import type { SimulatorClock } from './clock.ts';
import { simulatedCheckId } from './zone-world.ts';

/** What is seen of a host here. */
type HostFiles = { readonly id: string; readonly files: ReadonlyMap<string, string> };

/** What Route 53's checkers make of the endpoints whose answer is a file on a host. */
export type FlipHealth = {
  /** By the id in Route 53; a check that looks at no file is healthy. */
  readonly isHealthy: (healthCheckId: string) => boolean;
  /** A file of a host may just have been put there or taken away. */
  readonly noted: (host: HostFiles, path: string) => void;
};

type Watched = {
  readonly checkId: string;
  /** A checker must see it so many times on end before it counts. */
  readonly delayMs: number;
  /** When it came and went; it is told by what stood long enough ago. */
  readonly changes: { readonly at: number; readonly there: boolean }[];
};

/** The files of the plan's flip as they are found on its hosts, with what the checkers have seen of each. */
export function makeFlipHealth(
  { dns }: Plan,
  hosts: ReadonlyMap<string, HostFiles>,
  clock: Pick<SimulatorClock, 'nowMs'>,
): FlipHealth {
  const keyOf = (host: string, path: string): string => `${host} ${path}`;
  const watched = new Map<string, Watched>();
  for (const { host, path, healthCheck } of dns?.flip?.files ?? []) {
    const check = dns?.healthChecks.find(({ id }) => id === healthCheck);
    if (dns === undefined || check === undefined || check.type === 'EXISTING') continue;
    watched.set(keyOf(host, path), {
      checkId: simulatedCheckId(dns, healthCheck),
      delayMs: check.intervalSeconds * check.failureThreshold * 1_000,
      changes: [{ at: -Infinity, there: hosts.get(host)?.files.has(path) ?? false }],
    });
  }
  return {
    isHealthy: (healthCheckId) => {
      const now = clock.nowMs();
      return [...watched.values()].every(
        ({ checkId, delayMs, changes }) =>
          checkId !== healthCheckId || (changes.findLast(({ at }) => at + delayMs <= now)?.there ?? true),
      );
    },
    noted: (host, path) => {
      const changes = watched.get(keyOf(host.id, path))?.changes;
      const there = host.files.has(path);
      if (changes !== undefined && changes.at(-1)?.there !== there)
        changes.push({ at: clock.nowMs(), there });
    },
  };
}
