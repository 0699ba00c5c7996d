import type { ChecklistAnswer } from './gate.ts';
import type { GateDefinition, World } from './world.ts';

/** Gates that a person opens: the checklists of the plan. */
export const people: readonly GateDefinition[] = [
  {
    id: 'people.checklist',
    group: 'people',
    scope: 'item',
    // Items of the go phase are asked at go/no-go and those of Close after the run: neither counts before its time.
    items: ({ plan, context }) =>
      plan.checklists
        .filter(({ phase }) => phase === 'preflight' || (phase === 'go' && context.phase === 'go'))
        .map(({ id }) => id),
    title: (item, { plan }) => plan.checklists.find(({ id }) => id === item)?.title ?? item,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, item, look) => {
      const entry = world.plan.checklists.find(({ id }) => id === item);
      if (entry === undefined) return null;
      if (!entry.blocking) look.warnOnly();
      const fix = `Answer "${entry.title}" in the checklist${entry.role === undefined ? '' : ` as ${entry.role}`}.`;
      const answer = newestAnswer(world, item);
      if (answer === null) {
        look.expect(false, 'Expected the answer yes, seen no answer yet.', fix);
        return look.judgement();
      }
      look.used(answer.atUtcMs, null);
      const when = new Date(answer.atUtcMs).toISOString();
      look.row(answer.answer, answer.who, when);
      look.expect(
        answer.answer === 'yes',
        `Expected the answer yes, seen no, by ${answer.who} at ${when}.`,
        fix,
      );
      const allowed = world.plan.roles.find(({ id }) => id === entry.role)?.people ?? [];
      look.expect(
        allowed.length === 0 || allowed.includes(answer.who) || answer.who.startsWith('unattended ('),
        `Expected an answer by ${allowed.join(' or ')} (role ${entry.role ?? ''}), seen one by ${answer.who}.`,
        fix,
      );
      look.note(`Yes, by ${answer.who} at ${when}.`);
      return look.judgement('answer', 'who', 'when (UTC)');
    },
  },
];

function newestAnswer({ people: { answers } }: World, item: string): ChecklistAnswer | null {
  return answers
    .filter((answer) => answer.item === item)
    .reduce<ChecklistAnswer | null>(
      (newest, answer) => (newest === null || answer.atUtcMs >= newest.atUtcMs ? answer : newest),
      null,
    );
}
