import type { Observation } from '../observations/observation.ts';
import { chainNodes, type PlanNode } from '../observations/plan-nodes.ts';
import type { BootSeen } from '../observations/switch-proof.ts';
import { folderOf } from '../steps/file-looks.ts';
import { instanceOf } from '../steps/need.ts';
import { freshness, type Look } from './look.ts';
import type { GateDefinition, World } from './world.ts';

/** Gates on what a server does at its next start: the night must not find out in the minute, nor the day after. */
export const nextStart: readonly GateDefinition[] = [
  {
    id: 'durability.drop-in',
    group: 'durability',
    scope: 'chain',
    title: (chain) =>
      `The files that keep a fence of ${chain} over a restart can be put in place and taken away.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, chain, look) => {
      const planned = chainNodes(chain).filter(
        ({ instance }) => instanceOf(world.plan, instance).fenceDropIn !== undefined,
      );
      if (planned.length === 0) return null;
      for (const node of planned) if (isWritten(node, look)) judgeDropIn(world, node, look);
      return look.judgement('node', 'host', 'file', 'its folder', 'read at the next start');
    },
  },
];

/** At sources that take writes it is put in place; of target masters *restore* takes it away, and Reverse puts it there. */
function isWritten({ instance, side, role }: PlanNode, look: Look): boolean {
  return side === 'target' ? role === 'master' : look.fast(instance)?.readOnly === false;
}

function judgeDropIn({ plan, snapshot }: World, { instance: id, side }: PlanNode, look: Look): void {
  const { host, fenceDropIn: path = '' } = instanceOf(plan, id);
  const facts = snapshot.hosts[host];
  const unseen = facts?.reachable.kind === 'unknown' ? facts.reachable : undefined;
  const seen = look.at(facts?.dropIns?.[id] ?? unseen, `${path} on ${host}`, freshness.hostMs);
  if (seen === undefined) return;
  const folder = folderOf(path);
  const start = facts?.switchProof?.boots[id];
  const reads = start === undefined ? null : readsIt(start);
  look.row(
    id,
    host,
    path,
    seen.writable ? 'writable' : seen.folder ? 'not writable' : 'absent',
    reads === null ? 'not seen' : reads.kind,
  );
  const good = look.expect(
    seen.writable,
    `${id}: expected a folder ${folder} on ${host} into which the login of the run may write, seen ${seen.folder ? 'one into which it may not' : 'none'}: ${
      side === 'source'
        ? 'the run would thaw in its step quiet.'
        : 'Reverse would thaw in its step quiet, and restore could not take the file away.'
    }`,
    `on ${host}: make ${folder} and let the login of the plan's SSH write into it; or correct fenceDropIn of ${id} in the plan`,
  );
  if (!good || reads === null) return;
  look.expect(
    reads.kind !== 'no',
    `${id}: expected ${path} to be a file that it reads when it starts, seen no !includedir of ${folder} (for a name in .cnf) and no !include of it in its option files: the fence would not outlive a restart.`,
    `on ${host}: !includedir ${folder} in an option file that ${id} reads; or correct fenceDropIn of ${id} in the plan`,
  );
  // Of targets that is asked for the day after alone, and their hosts' logins may be without the rights to see it.
  if (reads.kind === 'not known' && side === 'source')
    look.unclear(`whether ${id} reads ${path} when it starts: ${reads.why}`);
}

type Reads = { readonly kind: 'yes' | 'no' } | { readonly kind: 'not known'; readonly why: string };

/** Whether a server reads its drop-in, as far as its host lets it be seen. */
function readsIt(start: Observation<BootSeen>): Reads {
  if (start.kind === 'unknown') return { kind: 'not known', why: start.why };
  const { dropInRead, unreadable } = start.value;
  if (dropInRead === true) return { kind: 'yes' };
  return unreadable.length === 0
    ? { kind: 'no' }
    : { kind: 'not known', why: `${unreadable.join(', ')} cannot be read by the login of the run` };
}
