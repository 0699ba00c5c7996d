import type { Cell } from './cells.ts';
import type { Allowed } from './draw-night.ts';
import type { NightScript } from './night-script.ts';

/** One defect put into the product on purpose: every edit must find its text, exactly once. */
export type Mutation = {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** What goes wrong in the nights that are tried; the defect may need it to show. */
  readonly faults: Allowed;
  /** The step and the way of failing at which it shows, where one night in a hundred would be too rare. */
  readonly aimedAt?: Cell;
  /** The seed at which the search begins, where the first ones take long to show it. */
  readonly from?: number;
  /** Only every so many seeds: one night in 32 is turned round. */
  readonly every?: number;
  /** What is made of a drawn night, where nights by lot meet too seldom what the defect needs; null: that seed's plan cannot. */
  readonly night?: (drawn: NightScript) => NightScript | null;
  /** The rule that must see it, where another one alone would leave that rule unproven. */
  readonly breaks?: string;
};

/** One place of the product's text and what stands there instead. */
export function edit(file: string, from: string, to: string): Mutation['edits'][number] {
  return { file, from, to };
}
