import { expect } from 'vitest';
import { sourceNodes, targetNodes } from '../../shared/steps/need.ts';
import type { AnsweringWorld } from './answering-world.ts';

/** The place in the list of intents at which the point of no return was passed; null when it was not. */
export function ponrSeq(world: AnsweringWorld): number | null {
  const record = world.records.find(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn);
  return record?.seq ?? null;
}

/** Intents of one MySQL operation, in order. */
export function intentsOf(
  world: AnsweringWorld,
  operation: string,
): readonly {
  readonly seq: number;
  readonly place: number;
  readonly instance: string;
  readonly key: string;
}[] {
  return world.intents.flatMap(({ seq, command: { action, key } }, place) =>
    action.kind === 'mysql' && action.operation === operation
      ? [{ seq, place, instance: action.instance, key }]
      : [],
  );
}

/** A run that was taken back left nothing behind: sources open, targets closed, everything as it was found. */
export function expectRestored(world: AnsweringWorld): void {
  const run = world.run();
  expect(run.outcome, `${run.abortReason} / ${run.steps['unwind']?.text}`).toBe('thawed');
  expectDatabasesRestored(world);
  for (const host of world.model.hosts.values())
    expect(host.maintenance, `maintenance of ${host.id}`).toBe(false);
}

/** The same for the databases alone. */
export function expectDatabasesRestored(world: AnsweringWorld): void {
  expect(world.run()).toMatchObject({ phase: 'ended', ponrAt: null });
  expect(intentsOf(world, 'promote')).toEqual([]);
  expect(intentsOf(world, 'persistFence')).toEqual([]);
  for (const chain of world.model.plan.chains) {
    const masters = chain.source.masters.map(({ instance }) => instance);
    for (const node of targetNodes(chain))
      expect(world.server(node).readOnly, `${node} stays closed`).toBe(true);
    for (const node of sourceNodes(chain)) {
      const server = world.server(node);
      expect(server.readOnly, `${node} takes writes as before, or not`).toBe(!masters.includes(node));
      expect(server.scheduler, `event scheduler of ${node}`).toBe(true);
      expect(
        server.links.map(({ channel, applier }) => `${channel} ${applier}`),
        `links of ${node}`,
      ).toEqual(masters.length === 1 && masters[0] === node ? [] : [' running']);
    }
  }
  expectThawed(world);
}

/** Every node that got a fence intent got a thaw after it, and was then read back twice. */
export function expectThawed(world: AnsweringWorld): void {
  const fences = intentsOf(world, 'fence');
  const thaws = intentsOf(world, 'thaw');
  for (const node of new Set(fences.map(({ instance }) => instance))) {
    const lastFence = Math.max(
      ...fences.filter(({ instance }) => instance === node).map(({ place }) => place),
    );
    const thaw = thaws.find(({ instance, place }) => instance === node && place > lastFence);
    expect(thaw, `a thaw of ${node} after its last fence`).toBeDefined();
    const reads = intentsOf(world, 'fastFacts').filter(
      ({ instance, place, key }) =>
        instance === node && place > (thaw?.place ?? Infinity) && /\/(first|second)-/.test(key),
    );
    expect(reads.length, `${node} is read back twice`).toBeGreaterThanOrEqual(2);
  }
}
