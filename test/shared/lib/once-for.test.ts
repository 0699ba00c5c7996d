import { expect, test } from 'vitest';
import { onceFor } from '../../../shared/lib/once-for.ts';

test('works something out once for each thing, also where the answer is nothing', () => {
  const asked: string[] = [];
  const nameOf = onceFor(({ name }: { readonly name: string }) => {
    asked.push(name);
    return name === '' ? undefined : name.toUpperCase();
  });
  const [one, other, bare] = [{ name: 'one' }, { name: 'one' }, { name: '' }];
  expect([nameOf(one), nameOf(one), nameOf(other)]).toEqual(['ONE', 'ONE', 'ONE']);
  expect([nameOf(bare), nameOf(bare)]).toEqual([undefined, undefined]);
  // Another thing is another one, though it looks the same.
  expect(asked).toEqual(['one', 'one', '']);
});
