import { freshness } from './look.ts';
import type { GateDefinition } from './world.ts';

const mirrorBytes = 256 * 1_024 ** 2;
const mebibyte = 1_024 ** 2;

/** The gate on the journal's mirror: without it another laptop cannot take over. It warns, and stops nothing. */
export const mirror: readonly GateDefinition[] = [
  {
    id: 'laptop.mirror',
    group: 'laptop',
    scope: 'plan',
    title: 'The journal is mirrored on a host of the plan: another laptop can follow, and take over.',
    guards: ['I8'],
    overridable: true,
    blocking: false,
    judge: ({ plan, snapshot }, look) => {
      if (plan.journalMirror === undefined) {
        look.expect(
          false,
          'Expected a journalMirror in the plan, seen none: the journal on this laptop is the only one.',
          'Add journalMirror: { host, directory } to the plan, a host that all laptops of the team reach.',
        );
        return look.judgement();
      }
      const { host, directory } = plan.journalMirror;
      const free = look.at(snapshot.mirror?.freeBytes, `the mirror at ${host}`, freshness.hostMs);
      if (free === undefined) return look.judgement();
      look.expect(
        free >= mirrorBytes,
        `${host}: expected at least 256 MiB free for ${directory}, seen ${Math.floor(free / mebibyte)} MiB.`,
        `on ${host}: df -h ${directory}, and free space there`,
      );
      look.note(`${host} can keep it in ${directory}.`);
      return look.judgement();
    },
  },
];
