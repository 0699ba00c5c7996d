import { expect, test } from 'vitest';
import { brokenRules } from '../helpers/broken-rules.ts';
import { rehearse } from '../helpers/rehearsal.ts';

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
