import type { Flavor } from '../topology.ts';
import type { Cell } from './cells.ts';

/**
 * The cells that `npm run test:night` has seen hold on real servers: a slice of every run of the tests is drawn from these.
 * One that fails stays here until it is mended or shown to be wrong.
 */
export const seenToHold: { readonly [F in Flavor]: readonly string[] } = {
  mariadb: [
    'promote × lost-session',
    'redirect × partition',
    'announce × crash-after',
    'announce × crash-before',
    'arm × crash-before',
    'barrier × crash-after',
    'barrier × crash-before',
    'canary × crash-after',
    'claim × crash-after',
    'claim × crash-before',
    'configure-reverse × crash-after',
    'configure-reverse × crash-before',
    'configure-reverse × server-paused',
    'detach × crash-after',
    'detach × crash-before',
    'drain × crash-after',
    'drain × partition',
    'end-sessions × crash-before',
    'events × crash-after',
    'fence × server-killed',
    'last-look × crash-after',
    'last-look × crash-before',
    'lock × crash-after',
    'lock × none',
    'lock × server-killed',
    'lock × server-paused',
    'persist-fence × crash-before',
    'pre-drain × crash-after',
    'pre-drain × error',
    'prepare-reverse × crash-after',
    'promote × crash-before',
    'prove × crash-after',
    'quiet × crash-after',
    'quiet × error',
    'redirect × crash-after',
    'redirect × crash-before',
    'residue × crash-after',
    'residue × crash-before',
    'residue × partition',
    'restore × crash-after',
    'reverse × crash-after',
    'reverse × crash-before',
    'reverse × error',
    'reverse × server-killed',
    'unwind × crash-before',
  ],
  mysql: ['fence × late', 'unwind × crash-before', 'unwind × error', 'unwind × partition'],
};

export const isSeenToHold = ({ flavor, step, way }: Cell): boolean =>
  seenToHold[flavor].includes(`${step} × ${way}`);
