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
    name: 'turn the source Off in a call of its own first',
    edits: [
      edit(
        'shared/steps/flip-controls.ts',
        '    const answer = need.routing(\n      `set${index}`,',
        `    const off = Object.fromEntries(Object.entries(wanted).filter(([, state]) => state === 'Off'));
    const first = need.routing(
      \`off\${index}\`,
      { kind: 'routing', endpoint, ask: 'set', states: off },
      { limitMs },
    );
    if (first === undefined) return { kind: 'waiting', text: 'the source to be Off' };
    const answer = need.routing(
      \`set\${index}\`,`,
      ),
    ],
    faults: ['cluster-endpoint'],
    breaks: 'neverEveryEndpointOut',
  },
  {
    name: 'set the routing controls again after a reply that was lost, without reading them',
    edits: [
      edit(
        'shared/steps/flip-controls.ts',
        "if (reply === 'elsewhere') continue;",
        "if (reply === 'elsewhere' || reply === 'unknown') continue;",
      ),
    ],
    faults: ['cluster-reply'],
    breaks: 'noBlindSecondSend',
  },
  {
    name: 'set the routing controls once more at a press without a look at them',
    edits: [
      edit('shared/steps/flip-controls.ts', 'if (context.attempt > 1) {', 'if (context.attempt > 99) {'),
    ],
    faults: ['cluster-rule'],
    breaks: 'noBlindSecondSend',
  },
  {
    name: "take ARC's reply for the states",
    edits: [
      edit(
        'shared/steps/flip-controls.ts',
        "if (reply === 'taken') return readBack(ground, index);",
        "if (reply === 'taken') return { kind: 'done', text: `taken in ${endpoint.region}` };",
      ),
    ],
    faults: ['cluster-reply'],
    breaks: 'stepsEndOnTheTruth',
  },
  {
    name: 'turn the routing controls as the fence begins',
    edits: [
      edit(
        'shared/steps/order.ts',
        "id: 'flip',\n    scope: 'run',\n    after: ['promote'],",
        "id: 'flip',\n    scope: 'run',\n    after: ['quiet'],",
      ),
    ],
    faults: ['cluster-endpoint'],
    breaks: 'noFlipBeforeThePoint',
  },
  {
    name: 'fence whether the routing controls are as planned or not',
    edits: [
      edit(
        'shared/steps/flip-controls.ts',
        '  return seen.others.length === 0',
        '  return seen.others.length < 99',
      ),
    ],
    faults: ['cluster-changed'],
    breaks: 'stepsEndOnTheTruth',
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
