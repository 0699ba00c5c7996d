import { expect, test } from 'vitest';
import { judgePlan } from '../../../shared/plan/judge-plan.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';

const followed = (from: string, gtid: 'on' | 'off') =>
  judgePlan(
    referenceWith((plan) => ({
      ...plan,
      chains: plan.chains.map((chain) =>
        chain.id === 'orders'
          ? { ...chain, gtid, target: { ...chain.target, masters: [{ instance: 'orders-t1', from }] } }
          : chain,
      ),
    })),
  ).map(({ message }) => message);

test('without GTID a target master must replicate from a master itself', () => {
  expect(followed('orders-s1', 'off')).toEqual([
    'target master orders-t1 of chain orders replicates from orders-s1, expected a master: with gtid: off it is proven by the log of its direct source',
  ]);
  expect(followed('orders-b1', 'off')).toEqual([]);
  expect(followed('orders-s1', 'on')).toEqual([]);
});
