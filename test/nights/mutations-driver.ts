import { edit, type Mutation } from './mutation.ts';

/** Defects by which two would drive one run, or a stranger would be driven: each must break the rule that is there for it. */
export const driverMutations: readonly Mutation[] = [
  {
    name: 'skip a claim',
    edits: [
      edit(
        'shared/steps/passage.ts',
        'const hosts = armedHosts(context.plan);',
        'const hosts = armedHosts(context.plan).slice(1);',
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'promote', way: 'crash' },
    breaks: 'oneWritableSide',
  },
  {
    name: 'take over and leave the other cockpit its sessions',
    edits: [
      edit('shared/steps/lock-again.ts', 'const lost = lostThreads(context.run, node);', 'const lost = [];'),
      edit('shared/steps/lock-again.ts', 'context.run.ousting && round < mostHolders', 'false'),
    ],
    faults: 'all',
    from: 16,
    every: 32,
    breaks: 'oneDriver',
  },
  {
    name: 'drive on after another cockpit took over',
    edits: [
      edit('shared/steps/take-event.ts', 'return oust(run, `${event.seen}: ${event.by}`);', 'return run;'),
    ],
    faults: 'all',
    from: 16,
    every: 32,
    breaks: 'whoeverWakesIsOusted',
  },
  {
    name: 'let a lower epoch through',
    edits: [
      edit(
        'main/simulator/epoch.ts',
        'if (newest > epoch || (newest === epoch && by !== who))',
        'if (newest === epoch && by !== who)',
      ),
    ],
    faults: 'all',
    from: 16,
    every: 32,
    breaks: 'whoeverWakesIsOusted',
  },
  {
    name: 'take an undo up again without its epochs',
    edits: [
      edit(
        'shared/steps/lock-again.ts',
        'const silent = takeEpochsAgain(need, context.run);',
        'const silent = [];',
      ),
      edit(
        'shared/steps/unwind.ts',
        'const told = isAgain ? takeEpochsAgain(need, context.run, limit) : [];',
        'const told = [];',
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'unwind', way: 'crash' },
    breaks: 'nobodyOustedIt',
  },
  {
    name: 'try again on whatever server answers now',
    edits: [
      edit(
        'main/engine/reopen.ts',
        'const other = otherServer(run.identities[instance], said.value);',
        'const other = null;',
      ),
    ],
    faults: ['server-replaced'],
    breaks: 'nothingForStrangers',
  },
];
