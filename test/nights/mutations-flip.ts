import { edit, type Mutation } from './mutation.ts';

/** Defects of the data-plane flip and of its plan B. */
export const flipMutations: readonly Mutation[] = [
  {
    name: 'flip before the targets are open',
    edits: [
      edit(
        'shared/steps/order.ts',
        "id: 'flip',\n    scope: 'run',\n    after: ['promote'],",
        "id: 'flip',\n    scope: 'run',\n    after: ['quiet'],",
      ),
    ],
    faults: 'none',
    aimedAt: { step: 'flip', way: 'error' },
    breaks: 'noFlipBeforeThePoint',
  },
  {
    name: 'take the source out whether the target is in or not',
    edits: [
      edit(
        'shared/steps/flip.ts',
        "const taken = placed.kind === 'failed' ? placed : placeAll({ need, context, planned }, 'source');",
        "const taken = placeAll({ need, context, planned }, 'source');",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'flip', way: 'error' },
    breaks: 'neverEveryEndpointOut',
  },
  {
    name: 'take a flip for done that nobody read back',
    edits: [
      edit(
        'shared/steps/flip.ts',
        "if (written.kind === 'refused' || written.why === 'not-connected')",
        "if (written.kind === 'none') return { kind: 'done', text: '' };\n  if (written.kind === 'refused')",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'flip', way: 'none' },
  },
  {
    name: 'come to plan B without a press',
    edits: [
      edit(
        'shared/steps/announce.ts',
        "if (plan.dns.flip?.batch === 'plan-b' && !run.batchAsked)",
        "if (plan.dns.flip?.batch === 'plan-b' && context.attempt === 1)",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'promote', way: 'crash' },
    breaks: 'noBatchWithoutAPress',
  },
];
