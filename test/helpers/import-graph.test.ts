import { expect, test } from 'vitest';
import { findCycles, importsOf } from './import-graph.ts';

test('imports are found in every form, and text that only looks like one is not', () => {
  const source = `
import 'side-effect';
import { a } from './a.ts';
import type {
  B,
} from './b.ts';
export * from "./c.ts";
export { d } from './d.ts';
export function join(parts: string[]): string {
  return parts.join('.');
}
export const text = 'from nowhere';
const later = await import('./e.ts');
type F = import('./f.ts').F;
`;
  expect(importsOf(source)).toEqual([
    'side-effect',
    './a.ts',
    './b.ts',
    './c.ts',
    './d.ts',
    './e.ts',
    './f.ts',
  ]);
});

test('a cycle is found wherever the walk begins, and a diamond is none', () => {
  const diamond = { top: ['left', 'right'], left: ['end'], right: ['end'], end: [] };
  expect(findCycles(new Map(Object.entries(diamond)))).toEqual([]);
  const ring = { start: ['a'], a: ['b'], b: ['c'], c: ['a'] };
  expect(findCycles(new Map(Object.entries(ring)))).toEqual([['a', 'b', 'c', 'a']]);
});
