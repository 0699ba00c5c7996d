import type { Flavor } from '../topology.ts';
import type { Cell } from './cells.ts';

/**
 * The cells that `npm run test:night` has seen hold on real servers: a slice of every run of the tests is drawn from these.
 * One that fails stays here until it is mended or shown to be wrong.
 */
export const seenToHold: { readonly [F in Flavor]: readonly string[] } = {
  mariadb: [],
  mysql: [],
};

export const isSeenToHold = ({ flavor, step, way }: Cell): boolean =>
  seenToHold[flavor].includes(`${step} × ${way}`);
