import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChainView, NodeView } from '../../shared/contract/view.ts';
import { placeChain } from '../../renderer/sessions/place-chain.ts';
import type { Box } from '../../renderer/sessions/place-chain.ts';
import { chainView } from '../helpers/view-chains.ts';

const template = chainView('orders');
const first = template.nodes[0];

function chainOf(counts: readonly [number, number, number, number]): ChainView {
  const [masters, slaves, targets, replicas] = counts;
  const make = (side: NodeView['side'], role: NodeView['role'], count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...(first as NodeView),
      side,
      role,
      instance: `${side}-${role}-${String(index)}`,
    }));
  return {
    ...template,
    nodes: [
      ...make('source', 'master', masters),
      ...make('source', 'slave', slaves),
      ...make('target', 'master', targets),
      ...make('target', 'replica', replicas),
    ],
  };
}

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const inside = (a: Box, b: Box) =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height + 1;

test('no two nodes overlap and each stays on its side, at every size of the lane', () => {
  const count = fc.integer({ min: 1, max: 3 });
  fc.assert(
    fc.property(
      count,
      fc.integer({ min: 0, max: 3 }),
      count,
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 560, max: 1400 }),
      fc.integer({ min: 112, max: 400 }),
      (...drawn) => {
        const [masters, slaves, targets, replicas, width, height] = drawn;
        const placed = placeChain(chainOf([masters, slaves, targets, replicas]), { width, height });
        placed.nodes.forEach((one, index) => {
          expect(inside(one.box, one.node.side === 'source' ? placed.source : placed.target)).toBe(true);
          for (const other of placed.nodes.slice(index + 1)) expect(overlap(one.box, other.box)).toBe(false);
        });
      },
    ),
  );
});

test('the master that the target follows stands beside the crossing, and each follower below its master', () => {
  const turned = {
    ...template,
    links: template.links.map((link) => (link.kind === 'forward' ? { ...link, from: 'orders-a1' } : link)),
  };
  for (const [chain, near] of [
    [template, 'orders-b1'],
    [turned, 'orders-a1'],
  ] as const) {
    const placed = placeChain(chain, { width: 586, height: 117 });
    const x = (instance: string) => placed.nodes.find((one) => one.node.instance === instance)?.box.x ?? 0;
    const source = placed.nodes.filter((one) => one.node.side === 'source');
    expect(Math.max(...source.map((one) => one.box.x))).toBe(x(near));
    expect(x('orders-a2')).toBe(x('orders-a1'));
  }
});

test('a ring is one arrow with two points, an absent link is not drawn', () => {
  const placed = placeChain(template, { width: 586, height: 117 });
  expect(placed.links.map(({ link, bothWays }) => [link.kind, bothWays])).toEqual([
    ['ring', true],
    ['slave', false],
    ['forward', false],
    ['replica', false],
  ]);
});
