import type { PlanNode } from '../observations/plan-nodes.ts';
import { chainNodes } from '../observations/plan-nodes.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import { on, pointLinkStatement, removeLinkStatement } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'replication';

/** Gates on who replicates from whom, as seen from every side. */
export const topology: readonly GateDefinition[] = [
  {
    id: 'replication.topology',
    group,
    scope: 'chain',
    title: (chain) =>
      `Every node of ${chain} replicates from the server that the plan names, and from no other.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: ({ plan }, chain, look) => {
      for (const node of chainNodes(chain)) {
        const facts = look.fast(node.instance);
        if (facts === undefined) continue;
        if (node.from !== null) judgeLink({ plan, chain, node, facts, from: node.from }, look);
        judgeExtraLinks({ plan, chain, node, facts }, look);
      }
      return look.judgement('node', 'channel', 'expected', 'seen');
    },
  },
  {
    id: 'replication.seen-by-source',
    group,
    scope: 'chain',
    title: (chain) => `Every source in ${chain} sees its replicas attached.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const node of chainNodes(chain)) {
        if (node.from === null) continue;
        const facts = look.fast(node.instance);
        const survey = look.survey(node.from);
        if (facts === undefined || survey === undefined) continue;
        look.row(node.from, String(facts.serverId), survey.attachedServerIds.join(', '));
        look.expect(
          survey.attachedServerIds.includes(facts.serverId),
          `${node.from}: expected server id ${facts.serverId} (${node.instance}) among its replicas, seen ${list(survey.attachedServerIds)}.`,
          on(node.instance, `look at the receiver of channel '${node.channel}'`),
        );
      }
      return look.judgement('source', 'expected server id', 'attached server ids');
    },
  },
  {
    id: 'replication.strangers',
    group,
    scope: 'chain',
    title: (chain) => `No server outside the plan replicates from ${chain}.`,
    guards: [],
    overridable: true,
    blocking: false,
    judge: (_world, chain, look) => {
      const nodes = chainNodes(chain);
      const ids = new Set(nodes.map(({ instance }) => look.fast(instance)?.serverId));
      for (const { instance } of nodes) {
        const strangers = look.survey(instance)?.attachedServerIds.filter((id) => !ids.has(id)) ?? [];
        look.expect(
          strangers.length === 0,
          `${instance}: expected replicas of the plan only, seen server ids ${list(strangers)}; they stay with the source after the switch.`,
          on(instance, 'SHOW REPLICAS (MariaDB: SHOW SLAVE HOSTS), and add each to the plan or take it away'),
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'replication.server-ids',
    group,
    scope: 'chain',
    title: (chain) => `Server ids and uuids in ${chain} are unique.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const byId = new Map<string, string[]>();
      const add = (key: string, instance: string): void =>
        void byId.set(key, [...(byId.get(key) ?? []), instance]);
      for (const { instance } of chainNodes(chain)) {
        const facts = look.fast(instance);
        if (facts === undefined) continue;
        look.row(instance, String(facts.serverId), facts.serverUuid ?? 'none');
        add(`server id ${facts.serverId}`, instance);
        if (facts.serverUuid !== null) add(`server_uuid ${facts.serverUuid.toLowerCase()}`, instance);
        look.expect(
          facts.serverId !== 0,
          `${instance}: expected a server id, seen 0.`,
          on(instance, 'SET GLOBAL server_id = <unique>; -- and in its option file'),
        );
      }
      for (const [key, instances] of byId) {
        // A twin id drops events silently while every status line is green.
        look.expect(
          instances.length === 1,
          `Expected one server with ${key}, seen ${instances.join(' and ')}.`,
          on(
            instances[1] ?? '',
            'SET GLOBAL server_id = <unique>; -- and in its option file (a uuid: remove auto.cnf and restart)',
          ),
        );
      }
      return look.judgement('node', 'server id', 'server_uuid');
    },
  },
];

type Placed = {
  readonly plan: Plan;
  readonly chain: Chain;
  readonly node: PlanNode;
  readonly facts: FastFacts;
};

function judgeLink({ plan, chain, node, facts, from }: Placed & { readonly from: string }, look: Look): void {
  const goal = replicationAddress(plan, from);
  const flavor = facts.position.flavor;
  const fix = on(
    node.instance,
    pointLinkStatement(flavor, { channel: node.channel, ...goal, gtid: chain.gtid === 'on' }),
  );
  const link = facts.links.find(({ channel }) => channel === node.channel);
  const expected = `${from} at ${goal.address}:${goal.port}`;
  look.row(
    node.instance,
    node.channel,
    expected,
    link === undefined
      ? 'no such link'
      : `${link.sourceHost}:${link.sourcePort}, server id ${link.sourceServerId}`,
  );
  if (link === undefined) {
    look.expect(
      false,
      `${node.instance}: expected channel '${node.channel}' from ${expected}, seen no such link.`,
      fix,
    );
    return;
  }
  look.expect(
    link.sourceHost.toLowerCase() === goal.address.toLowerCase() && link.sourcePort === goal.port,
    `${node.instance}: expected channel '${node.channel}' from ${expected}, seen ${link.sourceHost}:${link.sourcePort}.`,
    fix,
  );
  const source = look.fast(from);
  if (source === undefined) return;
  if (link.sourceServerId === 0) {
    look.expect(
      false,
      `${node.instance}: expected a link that has met ${from}, seen one that never connected.`,
      fix,
    );
    return;
  }
  const uuidDiffers =
    link.sourceUuid !== null &&
    link.sourceUuid !== '' &&
    source.serverUuid !== null &&
    link.sourceUuid.toLowerCase() !== source.serverUuid.toLowerCase();
  look.expect(
    link.sourceServerId === source.serverId && !uuidDiffers,
    `${node.instance}: expected to follow ${from} (server id ${source.serverId}), seen server id ${link.sourceServerId}${uuidDiffers ? ` with uuid ${link.sourceUuid}` : ''}.`,
    fix,
  );
}

function judgeExtraLinks({ plan, chain, node, facts }: Placed, look: Look): void {
  for (const link of facts.links) {
    if (node.from !== null && link.channel === node.channel) continue;
    const origin = instanceAt(plan, link);
    // Stopped, or running where events cannot circle: it closes the ring once its side takes writes.
    const ring = chain.target.restore?.ring;
    if (ring?.instance === node.instance && ring.channel === link.channel && ring.from === origin) continue;
    const backwards =
      node.side === 'source' &&
      chainNodes(chain).some((other) => other.side === 'target' && other.instance === origin);
    look.row(node.instance, link.channel, 'no such link', `${link.sourceHost}:${link.sourcePort}`);
    look.expect(
      false,
      `${node.instance}: expected no channel '${link.channel}', seen one from ${origin ?? `${link.sourceHost}:${link.sourcePort}`}${backwards ? '; the source follows the target: wrong direction, or left over from an earlier run' : ''}.`,
      on(node.instance, removeLinkStatement(facts.position.flavor, link.channel)),
    );
  }
}

/** The address other servers replicate from. */
export function replicationAddress(
  plan: Plan,
  instance: string,
): { readonly address: string; readonly port: number } {
  const entry = plan.instances.find(({ id }) => id === instance);
  return {
    address: entry?.replicationAddress ?? entry?.address ?? instance,
    port: entry?.replicationPort ?? entry?.port ?? 3306,
  };
}

function instanceAt(plan: Plan, link: ReplicationLink): string | null {
  const found = plan.instances.find(({ id }) => {
    const { address, port } = replicationAddress(plan, id);
    return address.toLowerCase() === link.sourceHost.toLowerCase() && port === link.sourcePort;
  });
  return found?.id ?? null;
}

function list(ids: readonly number[]): string {
  return ids.length === 0 ? 'none' : ids.join(', ');
}
