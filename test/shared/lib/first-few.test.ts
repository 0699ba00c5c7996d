import { expect, test } from 'vitest';
import { firstFew } from '../../../shared/lib/first-few.ts';

test('says all of a few, and of many how many more there are', () => {
  expect(firstFew([], 2)).toBe('');
  expect(firstFew(['one', 'two'], 2)).toBe('one; two');
  expect(firstFew(['one', 'two', 'three', 'four'], 2)).toBe('one; two; and 2 more');
});
