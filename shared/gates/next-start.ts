import { lastWord, opening } from '../observations/last-word.ts';
import type { Observation } from '../observations/observation.ts';
import { chainNodes, type PlanNode } from '../observations/plan-nodes.ts';
import type { HostFacts } from '../observations/snapshot.ts';
import { closingOptions, type BootSeen, type LoginSeen } from '../observations/switch-proof.ts';
import type { Flavor } from '../sessions/identity.ts';
import { dropInContent } from '../steps/durable-fence.ts';
import { folderOf } from '../steps/file-looks.ts';
import { instanceOf } from '../steps/need.ts';
import { on } from './fix.ts';
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
  {
    id: 'durability.target-start',
    group: 'durability',
    scope: 'chain',
    title: (chain) => `The targets of ${chain} come back writable when they restart behind the promotion.`,
    guards: [],
    overridable: true,
    // A warning: until it is promoted a target should boot closed, and its own restart loses no write.
    blocking: false,
    judge: (world, chain, look) => {
      for (const { instance } of chain.target.masters) judgeTargetStart(world, instance, look);
      return look.judgement('node', 'host', 'next start');
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
  const seen = look.at(facts?.dropIns?.[id] ?? whyUnseen(facts), `${path} on ${host}`, freshness.hostMs);
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
  if (!good || start === undefined || reads === null) return;
  if (start.kind === 'known' && look.at(start, `the next start of ${id}`, freshness.switchMs) === undefined)
    return;
  look.expect(
    reads.kind !== 'no',
    `${id}: expected ${path} to be a file that it reads when it starts, seen no !includedir of ${folder} (for a name in .cnf) and no !include of it in its option files: the fence would not outlive a restart.`,
    `on ${host}: !includedir ${folder} in an option file that ${id} reads; or correct fenceDropIn of ${id} in the plan`,
  );
  // Of targets that is asked for the day after alone, and their hosts' logins may be without the rights to see it.
  if (reads.kind === 'not known' && side === 'source')
    look.unclear(`whether ${id} reads ${path} when it starts: ${reads.why}`);
  if (reads.kind === 'yes' && start.kind === 'known')
    judgeLastWord({ id, host, path, side }, [start.value, facts?.switchProof?.logins[id]], look);
}

/** A file that is read, and overruled by what is read behind it, keeps nothing closed. */
function judgeLastWord(
  { id, host, path, side }: Pick<PlanNode, 'side'> & Readonly<Record<'id' | 'host' | 'path', string>>,
  [start, login]: readonly [BootSeen, Observation<LoginSeen> | undefined],
  look: Look,
): void {
  const word = lastWord(start);
  const by = word.kind === 'opened' ? word.by : [];
  const [given, written] = [
    by.filter((each) => start.given.includes(each)),
    by.filter((each) => !start.given.includes(each)),
  ];
  const expected = (seen: string, where: string, fix: string): boolean =>
    look.expect(
      false,
      `${id}: expected ${path} to have the last word on read_only when it starts, seen ${seen} ${where}, which is read behind it: with the file in place it would come back writable all the same.`,
      fix,
    );
  if (given.length > 0)
    expected(
      given.join(' '),
      'on its command line',
      `on ${host}: take ${given.join(' ')} out of what starts ${id} (its unit, or a script), and start it without; writable is what a server is without it`,
    );
  if (written.length > 0)
    expected(
      written.join(' '),
      'in an option file',
      `on ${host}: take ${written.join(' ')} out of the option files of ${id}, writable is what a server is without it; or name a fenceDropIn that is read later (${start.program} --print-defaults shows the order)`,
    );
  // What is persisted comes behind files and command line.
  const persisted = login?.kind === 'known' ? opening(login.value.persisted ?? []) : [];
  for (const { text } of persisted)
    expected(
      text,
      'in mysqld-auto.cnf',
      on(id, 'RESET PERSIST IF EXISTS super_read_only; RESET PERSIST IF EXISTS read_only'),
    );
  if (word.kind === 'not known' && side === 'source')
    look.unclear(`whether ${path} has the last word on read_only when ${id} starts: ${word.why}`);
}

/** Why nothing was looked at on a host; undefined: it answers, and the look is still to come. */
function whyUnseen(
  facts: HostFacts | undefined,
): Extract<Observation<never>, { kind: 'unknown' }> | undefined {
  return facts?.reachable.kind === 'unknown' ? facts.reachable : undefined;
}

/** Only what its files and its command line say: what a fence of ours persisted there, or laid beside them, *restore* takes away. */
function judgeTargetStart({ plan, snapshot }: World, id: string, look: Look): void {
  const { host } = instanceOf(plan, id);
  const facts = snapshot.hosts[host];
  const what = `the next start of ${id}`;
  if (plan.hosts.find((each) => each.id === host)?.ssh === undefined)
    return look.unclear(`${what}: host ${host} has no ssh in the plan, so nobody looks`);
  const seen = look.at(facts?.switchProof?.boots[id] ?? whyUnseen(facts), what, freshness.switchMs);
  const flavor = look.identity(id)?.flavor;
  if (seen === undefined || flavor === undefined) return;
  const isLaid = seen.dropIn === true && seen.dropInRead === true;
  const closing = closingOptions(isLaid ? withoutDropIn(seen.options, flavor) : seen.options);
  look.row(id, host, closing.length > 0 ? closing.join(' ') : `writable, says ${seen.program}`);
  look.expect(
    closing.length === 0,
    `${id}: expected a server that comes back writable when it restarts behind the promotion, seen ${closing.join(' ')} in its option files or on its command line: right until then, and from then on every restart closes it until somebody opens it.`,
    `on ${host}: as soon as ${id} is promoted, and not before, take ${closing.join(' ')} out of its option files (${seen.program} --print-defaults shows them resolved)`,
  );
  startUnseen(what, host, [seen, look]);
}

/** Says what of a server's next start could not be seen on its host, and may close it all the same. */
export function startUnseen(what: string, host: string, [seen, look]: readonly [BootSeen, Look]): void {
  for (const file of seen.unreadable)
    look.unclear(`${what}: ${file} cannot be read by the SSH user of ${host}, so it may say read_only`);
  if (seen.initFile !== null)
    look.unclear(`${what}: what its init_file ${seen.initFile} does then is not known`);
}

/** The options without those that its drop-in adds: which of two that say the same goes, makes no difference. */
function withoutDropIn(options: readonly string[], flavor: Flavor): readonly string[] {
  const left = [...options];
  for (const line of dropInContent(flavor).split('\n')) {
    const at = left.lastIndexOf(`--${line}`);
    if (at !== -1) left.splice(at, 1);
  }
  return left;
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
