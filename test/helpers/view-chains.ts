import type { ChainView, LinkView, NodeView } from '../../shared/contract/view.ts';

/** The moment at which every fixture stands: 02:14:37.100 UTC. */
export const at = Date.UTC(2026, 10, 23, 2, 14, 37, 100);

type Chain = 'orders' | 'content';

function node(
  chain: Chain,
  part: Partial<NodeView> & Pick<NodeView, 'instance' | 'side' | 'role' | 'site'>,
): NodeView {
  const source = part.side === 'source' && part.role === 'master';
  return {
    state: source ? 'writable' : 'read-only',
    position: chain === 'orders' ? '1-23301-884120' : '1-23306-120077',
    writesPerSecond: source ? 206 : 0,
    takenAt: at - 120,
    why: null,
    ...part,
  };
}

function link(part: Partial<LinkView> & Pick<LinkView, 'from' | 'to' | 'kind'>): LinkView {
  return {
    state: 'running',
    lagMs: 20,
    transactionsBehind: 0,
    bytesBehind: 0,
    takenAt: at - 120,
    why: null,
    ...part,
  };
}

/** A ring of two masters with a slave, followed by a target master with its replica: the reference case. */
export function chainView(chain: Chain): ChainView {
  const n = (name: string) => `${chain}-${name}`;
  return {
    chain,
    flavor: 'MariaDB',
    version: '10.11.14',
    gtid: true,
    nodes: [
      node(chain, { instance: n('a1'), side: 'source', role: 'master', site: 'colo-a' }),
      node(chain, {
        instance: n('b1'),
        side: 'source',
        role: 'master',
        site: 'colo-b',
        writesPerSecond: 198,
      }),
      node(chain, { instance: n('a2'), side: 'source', role: 'slave', site: 'colo-a' }),
      node(chain, { instance: n('use1'), side: 'target', role: 'master', site: 'us-east-1' }),
      node(chain, { instance: n('usw2'), side: 'target', role: 'replica', site: 'us-west-2' }),
    ],
    links: [
      link({ from: n('a1'), to: n('b1'), kind: 'ring', lagMs: 4 }),
      link({ from: n('b1'), to: n('a1'), kind: 'ring', lagMs: 5 }),
      link({ from: n('a1'), to: n('a2'), kind: 'slave', lagMs: 11 }),
      link({
        from: n('b1'),
        to: n('use1'),
        kind: 'forward',
        lagMs: 41,
        transactionsBehind: 3,
        bytesBehind: 2210,
      }),
      link({ from: n('use1'), to: n('usw2'), kind: 'replica', lagMs: 63 }),
      link({
        from: n('use1'),
        to: n('b1'),
        kind: 'reverse',
        state: 'absent',
        lagMs: null,
        transactionsBehind: null,
        bytesBehind: null,
        takenAt: null,
      }),
    ],
  };
}
