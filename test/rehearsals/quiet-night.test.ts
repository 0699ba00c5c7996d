import { expect, test } from 'vitest';
import { brokenRules } from '../helpers/broken-rules.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { referencePlan, rehearse } from '../helpers/rehearsal.ts';

for (const flavor of ['mariadb', 'mysql'] as const) {
  test(`a quiet night on ${flavor} ends done: every chain promoted, nothing lost, the way back running`, async () => {
    const night = await rehearse({ flavor });
    expect(night.blocks).toEqual([]);
    expect(night.run?.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
    expect(night.writable).toEqual({ orders: ['orders-t1'], content: ['content-t1'] });
    expect(
      night.measured?.chains.every(({ writeFreezeMs }) => writeFreezeMs !== null && writeFreezeMs > 0),
    ).toBe(true);
    expect(night.after.filter((line) => line.includes('cutover_reverse'))).toHaveLength(2);
  });
}

test('nights are the same again from the same seed, and another from another', async () => {
  const [first, again, other] = [
    await rehearse({ seed: 7 }),
    await rehearse({ seed: 7 }),
    await rehearse({ seed: 8 }),
  ];
  const heads = [first, again, other].map(({ records }) => records.at(-1)?.hash);
  expect(heads[0]).toBe(heads[1]);
  expect(heads[0]).not.toBe(heads[2]);
});

test('how many quiet nights a second fit (printed, never judged)', async () => {
  const nights = 8;
  const began = performance.now();
  for (let seed = 1; seed <= nights; seed += 1) await rehearse({ seed });
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${(nights / seconds).toFixed(1)} quiet nights of two chains a second`);
});

test('without GTID the final position of a ring is read once more when nothing is on its way: it may have been older than what was applied', async () => {
  const plan = referencePlan();
  const chains = plan.chains.map((chain) => ({ ...chain, gtid: 'off' as const }));
  const keysOf = async (given: Plan): Promise<readonly string[]> => {
    const { records, run } = await rehearse({ flavor: 'mariadb', plan: given });
    expect(run?.outcome).toBe('done');
    return records.flatMap(({ payload }) =>
      payload.kind === 'event' ? payload.intended.map(({ key }) => key) : [],
    );
  };
  const again = 'converge:orders#1/position1@orders-b1';
  expect(await keysOf({ ...plan, chains })).toContain(again);
  expect(await keysOf(plan)).not.toContain(again);
});
