import type { ChainView, LinkView, NodeView } from '../../shared/contract/view.ts';
import { chainNodes } from '../../shared/observations/plan-nodes.ts';
import { linkLag } from '../../shared/observations/lag.ts';
import type { InstanceFacts, LagFacts, Snapshot } from '../../shared/observations/snapshot.ts';
import type { Chain, Plan } from '../../shared/plan/plan.ts';
import type { ReplicationLink } from '../../shared/sessions/replication-link.ts';
import { positionText } from '../../shared/steps/containment.ts';
import { reverseChannelOf, reverseEnds } from '../../shared/plan/reverse-ends.ts';
import type { Run } from '../../shared/steps/run.ts';

/** One lane: the chain's nodes and links as they are seen now. */
export function chainView(
  plan: Plan,
  chain: Chain,
  seen: { readonly snapshot: Snapshot; readonly run: Run | null },
): ChainView {
  const { snapshot, run } = seen;
  const first = snapshot.instances[chain.source.masters[0]?.instance ?? '']?.identity;
  const identity = first?.kind === 'known' ? first.value : null;
  return {
    chain: chain.id,
    flavor: identity === null ? 'not seen yet' : identity.flavor === 'mariadb' ? 'MariaDB' : 'MySQL',
    version: identity?.version ?? '',
    gtid: chain.gtid === 'on',
    nodes: chainNodes(chain).map((node): NodeView =>
      nodeView(plan, node, { facts: snapshot.instances[node.instance], run }),
    ),
    links: [
      ...chainNodes(chain).flatMap((node) => (node.from === null ? [] : [linkView(chain, node, snapshot)])),
      ...reverseView(plan, chain, snapshot),
    ],
  };
}

type Node = ReturnType<typeof chainNodes>[number];

function nodeView(
  plan: Plan,
  node: Node,
  { facts, run }: { readonly facts: InstanceFacts | undefined; readonly run: Run | null },
): NodeView {
  const host = plan.instances.find(({ id }) => id === node.instance)?.host;
  const base = {
    instance: node.instance,
    side: node.side,
    role: node.role,
    site: plan.hosts.find(({ id }) => id === host)?.site ?? '',
  } as const;
  if (facts?.fast.kind !== 'known') {
    return {
      ...base,
      state: 'unknown',
      position: '',
      writesPerSecond: null,
      takenAt: facts?.fast.takenAt ?? null,
      why: facts?.fast.kind === 'unknown' ? facts.fast.why : 'not watched',
    };
  }
  const fast = facts.fast.value;
  const fenced =
    run?.undo.some((item) => item.kind === 'thaw' && item.instance === node.instance) === true &&
    run.outcome !== 'thawed';
  return {
    ...base,
    state: fast.readOnly ? (fenced ? 'fenced' : 'read-only') : 'writable',
    position: positionText(fast.position),
    writesPerSecond: facts.writesPerSecond.kind === 'known' ? facts.writesPerSecond.value : null,
    takenAt: facts.fast.takenAt,
    why: null,
  };
}

function linkView(chain: Chain, node: Node, snapshot: Snapshot): LinkView {
  const from = node.from ?? '';
  const kind =
    node.side === 'source'
      ? node.role === 'master'
        ? 'ring'
        : 'slave'
      : node.role === 'master'
        ? 'forward'
        : 'replica';
  const lag = snapshot.lags.find((each) => each.instance === node.instance && each.from === from);
  const facts = snapshot.instances[node.instance]?.fast;
  const link =
    facts?.kind === 'known'
      ? (facts.value.links.find(({ channel }) => channel === node.channel) ?? null)
      : undefined;
  return {
    from,
    to: node.instance,
    kind,
    ...stateOf(link),
    ...figuresOf(lag),
    takenAt: facts?.takenAt ?? null,
    why: whyOf(link, facts),
  };
}

function reverseView(plan: Plan, chain: Chain, snapshot: Snapshot): readonly LinkView[] {
  if (chain.wayBack !== 'reverse') return [];
  const { receiver, from } = reverseEnds(chain);
  const reverseChannel = reverseChannelOf(chain);
  const facts = snapshot.instances[receiver]?.fast;
  const link =
    facts?.kind === 'known' ? facts.value.links.find(({ channel }) => channel === reverseChannel) : undefined;
  if (link === undefined) return [];
  const lag = linkLag(
    {
      node: { instance: receiver, channel: reverseChannel, from },
      beaters: [from],
      heartbeatMs: plan.limits.heartbeatMs,
    },
    snapshot.instances,
  );
  return [
    {
      from,
      to: receiver,
      kind: 'reverse',
      ...stateOf(link),
      ...figuresOf(lag),
      takenAt: facts?.takenAt ?? null,
      why: whyOf(link, facts),
    },
  ];
}

function stateOf(link: ReplicationLink | null | undefined): { readonly state: LinkView['state'] } {
  if (link === undefined) return { state: 'unknown' };
  if (link === null) return { state: 'absent' };
  if (link.applierError !== null || (link.receiverError !== null && link.receiver === 'stopped'))
    return { state: 'broken' };
  if (link.applier === 'stopped' || link.receiver === 'stopped') return { state: 'stopped' };
  return { state: link.receiver };
}

function figuresOf(
  lag: LagFacts | undefined,
): Pick<LinkView, 'lagMs' | 'transactionsBehind' | 'bytesBehind'> {
  return {
    lagMs: lag?.lagMs.kind === 'known' ? lag.lagMs.value : null,
    transactionsBehind: lag?.transactionsBehind.kind === 'known' ? lag.transactionsBehind.value : null,
    bytesBehind: lag?.bytesBehind.kind === 'known' ? lag.bytesBehind.value : null,
  };
}

function whyOf(
  link: ReplicationLink | null | undefined,
  facts: InstanceFacts['fast'] | undefined,
): string | null {
  if (link === undefined) return facts?.kind === 'unknown' ? facts.why : 'not seen yet';
  const error = link?.applierError ?? link?.receiverError ?? null;
  return error === null ? null : `error ${error.code}: ${error.message}`;
}
