import { edit, type Mutation } from './mutation.ts';
import { concludeMutations } from './mutations-conclude.ts';
import { driverMutations } from './mutations-driver.ts';
import { flipMutations } from './mutations-flip.ts';

/** Defects that would lose writes, split data or leave production closed. Each must break a rule within a few nights. */
export const mutations: readonly Mutation[] = [
  {
    name: 'drop the barrier',
    edits: [edit('shared/steps/order.ts', "after: ['prove', 'prepare-reverse'],", "after: ['converge'],")],
    faults: ['lag-spike'],
  },
  {
    name: 'read the position before the fence',
    edits: [
      edit(
        'shared/steps/converge.ts',
        '? firstPosition(run, chain, master)',
        '? answerOf(run, [`quiet`, `before@${master}`, `fastFacts`])',
      ),
      edit('shared/steps/converge.ts', 'if (open !== null) return failure(open);', ''),
      edit(
        'shared/steps/prove.ts',
        '? notClosed(node, facts) : changedSince(node, before, facts)',
        '? null : null',
      ),
      edit(
        'shared/steps/drain.ts',
        'const held = holdsAll(chain, [instance, seen], sources);',
        'const held = { ok: true, value: { holds: true } };',
      ),
    ],
    faults: ['lag-spike'],
    from: 150,
  },
  {
    name: 'trust the reply of a thaw, or that there was none',
    edits: [
      edit(
        'shared/steps/unwind.ts',
        "if (thawed === undefined) return 'waiting';",
        "if (thawed === undefined) return 'waiting'; if (thawed.kind !== 'refused') return 'done';",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'unwind', way: 'none' },
  },
  {
    name: 'ignore a failed fence',
    edits: [
      edit(
        'shared/steps/fence.ts',
        "if (!timedOut && !cut) return { kind: 'failed', text: trouble(node, 'the fence', answer) };",
        'if (!timedOut && !cut) return proven(need, [context, chain], node);',
      ),
      // Where a failed fence is taken for one nobody reads it back either.
      edit(
        'shared/steps/fence.ts',
        'if (!seen.value.readOnly || seen.value.superReadOnly === false) {',
        'if (seen.value.readOnly && seen.value.superReadOnly === false) {',
      ),
      edit(
        'shared/steps/fence.ts',
        'if (proof.value.errorNumber !== preventedByReadOnly) {',
        'if (proof.value.errorNumber !== preventedByReadOnly && proof.value.errorNumber !== null) {',
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'fence', way: 'error' },
    breaks: 'stepsEndOnTheTruth',
  },
  {
    name: 'take everything back behind the point of no return',
    edits: [edit('shared/steps/decide.ts', 'if (run.ponrAt !== null) return ended;', '')],
    faults: 'all',
    aimedAt: { step: 'promote', way: 'error' },
  },
  {
    name: 'abort behind the point of no return',
    edits: [edit('shared/steps/take-event.ts', 'if (run.ponrAt !== null || run.outcome', 'if (run.outcome')],
    faults: 'all',
    aimedAt: { step: 'promote', way: 'abort' },
  },
  {
    name: 'fence again after a thaw',
    edits: [
      edit(
        'shared/steps/refence.ts',
        "if (ponrAt === null || run.reversing !== null || run.outcome === 'reversed') return [];",
        '',
      ),
      edit('shared/steps/refence.ts', ' || moment.monoMs < ponrAt.monoMs', ''),
    ],
    faults: ['writable'],
    from: 10,
  },
  {
    name: 'trust MASTER_GTID_WAIT',
    edits: [
      edit(
        'shared/steps/before-fence.ts',
        'const later = lookLater(context, `wait${round}@${instance}`, pauseMs(round));',
        "if (slept.kind === 'ok') return { kind: 'reached', facts: seen.value }; const later = null;",
      ),
    ],
    faults: ['lag-spike'],
    from: 2_000,
  },
  {
    name: 'leave the ring closed',
    edits: [edit('shared/steps/way-back.ts', 'return chain.source.masters.length > 1 &&', 'return false &&')],
    faults: 'none',
  },
  {
    name: 'promote late',
    edits: [
      edit('shared/steps/promote.ts', 'seen.clockUs + allowedMs * 1_000', 'seen.clockUs + 3_600_000_000'),
    ],
    faults: 'all',
    aimedAt: { step: 'promote', way: 'late' },
  },
  {
    name: 'forget one co-master',
    edits: [edit('shared/steps/fence.ts', 'return [...masters, ...slaves];', 'return masters.slice(0, 1);')],
    faults: 'none',
  },
  {
    name: 'act before the intent is written',
    edits: [edit('main/engine/runner.ts', '        intended: decision.commands,', '        intended: [],')],
    faults: 'none',
  },
  {
    name: 'repeat a write by itself',
    edits: [
      edit(
        'main/engine/runner.ts',
        'for (const command of commands) {\n      const leave',
        'for (const command of [...commands, ...commands]) {\n      const leave',
      ),
    ],
    faults: 'none',
  },
  {
    name: 'wait without an end',
    edits: [
      edit('shared/steps/decide.ts', 'startedAt.monoMs >= step.limitMs;', 'startedAt.monoMs >= Infinity;'),
    ],
    faults: 'all',
    aimedAt: { step: 'last-look', way: 'server-paused' },
  },
  {
    name: 'leave a waiting fence in its queue',
    edits: [
      edit(
        'shared/steps/unwind-doors.ts',
        "if (threads.length === 0) return 'done';",
        "if (threads.length >= 0) return 'done';",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'fence', way: 'abort' },
    from: 22_600,
  },
  {
    name: 'leave the lock of a dead cockpit behind',
    edits: [
      edit('shared/steps/unwind.ts', 'const lost = endLostSessions(need, context);', "const lost = '';"),
    ],
    faults: 'all',
    aimedAt: { step: 'fence', way: 'crash' },
  },
  {
    name: 'forget what to take back',
    edits: [edit('shared/steps/decide.ts', 'undo.push(command.undo);', '{ /* forgotten */ }')],
    faults: 'all',
    aimedAt: { step: 'prove', way: 'error' },
  },
  {
    name: 'pass the point of no return without a way back',
    edits: [
      edit(
        'shared/steps/way-back.ts',
        'return configured(needs(context), context, { chain, begin: null }) ?? configuredText(chain);',
        'return configuredText(chain);',
      ),
    ],
    faults: 'none',
  },
  {
    name: 'believe the switch command of an application host',
    edits: [
      edit(
        'shared/steps/after.ts',
        "if (switched.kind !== 'ok') return { failed: trouble(host, 'the switch command', switched) };",
        "if (switched.kind !== 'none') return 'done';",
      ),
    ],
    faults: ['failed-switch'],
  },
  {
    name: 'wait for a session that nobody asked to end',
    edits: [
      edit(
        'shared/steps/unwind-doors.ts',
        'askedToEnd(context, `end-${tag}@${instance}`) ??',
        "askedToEnd(context, `end-${tag}@${instance}`)?.concat(context.run.threads[instance]?.['act'] ?? []) ??",
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'end-sessions', way: 'none' },
    from: 25_000,
  },
  {
    name: 'take the way back away at Close, and say nothing',
    edits: [
      edit(
        'shared/steps/close.ts',
        'if (removed.some(([, answer]) => answer === undefined))',
        `const gone = context.plan.chains
          .filter(({ wayBack }) => wayBack === 'reverse')
          .map((chain) => need.mysql('way-back', [reverseEnds(chain).receiver, 'act'], ['removeLink', { channel: reverseChannelOf(chain) }]));
        if (gone.includes(undefined) || removed.some(([, answer]) => answer === undefined))`,
      ),
      edit(
        'shared/steps/close.ts',
        "import { dropEpoch } from './epoch.ts';",
        "import { dropEpoch } from './epoch.ts'; import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';",
      ),
    ],
    faults: 'none',
    breaks: 'reversibleMeansLinked',
  },
  {
    name: "forget the thaw in the dead-man's switch",
    edits: [
      edit(
        'shared/steps/switch-host.ts',
        "...(isClosed ? [] : [{ kind: 'thaw', instance: node, fenceThread } as const]),",
        '',
      ),
    ],
    faults: 'all',
    aimedAt: { step: 'drain', way: 'crash' },
    breaks: 'switchOpensTheSource',
  },
  {
    name: 'end nobody who sits on the source still',
    edits: [
      edit(
        'shared/steps/after.ts',
        "if (left.length === 0) return { kind: 'done', text: '' };",
        "if (left.length >= 0) return { kind: 'done', text: '' };",
      ),
    ],
    faults: ['kept-session'],
    breaks: 'noHostLeftOnSource',
  },
  ...flipMutations,
  {
    name: 'leave the ring open on the way back',
    edits: [edit('shared/steps/restore.ts', 'if (ring === undefined) return none;', 'return none;')],
    faults: 'none',
    from: 32,
    every: 32,
    breaks: 'noWriteLostBothWays',
  },
  ...driverMutations,
  ...concludeMutations,
];
