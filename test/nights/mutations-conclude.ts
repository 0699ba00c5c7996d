import { edit, type Mutation } from './mutation.ts';
import type { Happening, NightScript } from './night-script.ts';
import { inPassage } from './passage.ts';

const target = { role: 'target-master', nth: 1 } as const;

/** Defects of the conclusion at the source, behind a second stage that opened it again. */
export const concludeMutations: readonly Mutation[] = [
  {
    name: 'conclude at the source although a target takes writes',
    edits: [
      edit(
        'shared/steps/at-source.ts',
        '    openTargets.length > 0 && openSources.length > 0\n',
        '    false\n',
      ),
      edit('shared/steps/at-source.ts', '      : openTargets.length > 0\n', '      : false\n'),
      edit('shared/steps/at-source.ts', '[targets.filter(isOpen), sourceNodes', '[[], sourceNodes'),
    ],
    faults: 'all',
    night: (drawn) => inPassage(drawn, { kind: 'writable', on: target, writesPerSecond: 0 }),
    breaks: 'concludedWhereTheDataIs',
  },
  {
    name: 'conclude at the source although a target was written to',
    edits: [
      edit(
        'shared/steps/at-source.ts',
        'const ahead = targets.flatMap((node) => aheadOf(run, chain, [node, facts]));',
        'const ahead = [];',
      ),
    ],
    faults: 'all',
    night: (drawn) => inPassage(drawn, { kind: 'errant-transaction', on: target }),
    breaks: 'concludedWhereTheDataIs',
  },
  {
    name: 'conclude at the source without the word of every switch',
    edits: [
      edit(
        'shared/steps/at-source.ts',
        "...unheard.map((host) => `${host} did not say what its dead-man's switch did`),",
        '',
      ),
    ],
    faults: 'all',
    night: (drawn) =>
      inPassage(drawn, { kind: 'host-unreachable', host: { hostOf: { role: 'source-slave', nth: 1 } } }),
    breaks: 'concludedBehindEverySwitch',
  },
  {
    name: 'ask the sources before the targets where the data is',
    edits: [
      edit(
        'shared/steps/at-source.ts',
        'for (const side of [targetNodes, sourceNodes]) {',
        'for (const side of [sourceNodes, targetNodes]) {',
      ),
    ],
    faults: 'all',
    night: (drawn) => following(inPassage(drawn)),
    breaks: 'concludesOnceHealthy',
  },
];

/**
 * Its cockpit dies at the very point of no return, so that the target follows its source still, and writes are as dense as
 * by day: whatever is asked of a source, there is a newer write a moment later.
 */
function following(script: NightScript | null): NightScript | null {
  if (script?.plan.simulator === undefined) return null;
  const simulator = { ...script.plan.simulator, writersPerMaster: 6, writesPerSecond: 200 };
  const happenings = script.happenings.map((each): Happening =>
    each.kind === 'crash'
      ? { ...each, crash: { ...each.crash, step: 'detach', records: 0, edge: 'after' } }
      : each,
  );
  return { ...script, happenings, plan: { ...script.plan, simulator } };
}
