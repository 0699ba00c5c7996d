import { present } from '../lib/assert.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import { armedChains, armedHosts, runHosts } from '../plan/switches.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { ahead, mysql, type ActionAhead } from './action-ahead.ts';
import type { Action } from './command.ts';
import { lockingNodes } from './bypass-accounts.ts';
import { dropInContent, stagedPath } from './durable-fence.ts';
import { statesFor } from './flip-controls.ts';
import { fleetHosts, instanceOf, planNodes, sourceNodes } from './need.ts';
import { order, type StepId } from './order.ts';
import { forwardChannel } from './promote.ts';
import { changeComment, plannedBatch, plannedZones } from './prepared-zone.ts';
import { restoreAhead } from './restore-ahead.ts';
import { standDownArgv } from './stand-down.ts';
import { claimArgv, switchPlace } from './switch-place.ts';
import { mustOpenRing, reverseConfiguration } from './way-back.ts';

/** Stands in for the moment that is known only at the last look; a statement is built from real values alone. */
export const laterMoment = '2000-01-01 00:00:00.000000';

/**
 * What go/no-go announces: every effect of a run in which nothing goes wrong, in the order of the minute. Not in it, because
 * only the run finds out whether and which: sessions that are ended, and canaries with the run's own id.
 * `facts`: what is seen of each instance now; what depends on a server that is not seen is left out.
 */
export function actionsAhead(
  plan: Plan,
  facts: Readonly<Record<string, FastFacts | undefined>>,
): readonly ActionAhead[] {
  const all = [
    ...planNodes(plan).map((node) => ahead('lock', mysql(node, 'takeLock', {}))),
    ...runHosts(plan).map((host) => ahead('lock', { kind: 'ssh-epoch', host, order: 'take' })),
    ...switchesAhead(plan, facts),
    ...quietAhead(plan, facts),
    ...plan.chains.flatMap((chain) => chainAhead(plan, chain, facts)),
    ...redirectAhead(plan),
    ...flipAhead(plan),
    ...announceAhead(plan),
  ];
  const place = (step: StepId): number => order.findIndex(({ id }) => id === step);
  return all.toSorted((one, other) => place(one.step) - place(other.step));
}

/** Stands in for the run's own id, which names the files of its switches. */
export const laterRun = 'RUN';

/** The dead-man's switch of each host: put there and started, claimed, stood down. */
function switchesAhead(
  plan: Plan,
  facts: Readonly<Record<string, FastFacts | undefined>>,
): readonly ActionAhead[] {
  const nodes = armedChains(plan).flatMap(sourceNodes);
  return armedHosts(plan).flatMap((host) => {
    const place = switchPlace(laterRun, host);
    const opens = nodes.filter(
      (node) =>
        facts[node]?.readOnly === false &&
        plan.instances.some(({ id, host: at }) => id === node && at === host),
    );
    const undoes = opens.length === 0 ? 'takes maintenance mode back' : `opens ${opens.join(' and ')}`;
    const ssh = (argv: readonly string[]): Action => ({ kind: 'ssh', host, argv, effect: true });
    return [
      ahead(
        'arm',
        { kind: 'ssh-file', host, path: place.script, content: '' },
        `the run's id and threads; unless it is claimed, it ${undoes} after ${plan.limits.deadMansSwitchMs} ms (limits.deadMansSwitchMs)`,
      ),
      ahead('arm', ssh(['sh', place.command, 'arm']), "the run's id"),
      ahead('claim', ssh(claimArgv(laterRun, host)), "the run's id"),
      ahead('promote', ssh(standDownArgv(laterRun, host, 'passed')), "the run's id"),
    ];
  });
}

function quietAhead(
  plan: Plan,
  facts: Readonly<Record<string, FastFacts | undefined>>,
): readonly ActionAhead[] {
  const maintenance = fleetHosts(plan).flatMap(({ fleet, host }) =>
    fleet.maintenance === undefined
      ? []
      : [ahead('quiet', { kind: 'ssh', host, argv: fleet.maintenance.on, effect: true })],
  );
  const schedulers = plan.chains
    .flatMap(sourceNodes)
    .filter((node) => facts[node]?.eventScheduler === true)
    .map((node) => ahead('quiet', mysql(node, 'setEventScheduler', { on: false })));
  const accounts = plan.chains.flatMap((chain) =>
    chain.bypassAccounts.length === 0
      ? []
      : lockingNodes([chain]).map((node) =>
          ahead(
            'quiet',
            mysql(node, 'lockAccounts', { accounts: chain.bypassAccounts, locked: true }),
            'which of them are there, pass read_only and are not locked yet',
          ),
        ),
  );
  const files = plan.instances.flatMap(({ id, host, fenceDropIn }) => {
    const seen = facts[id];
    if (fenceDropIn === undefined || seen?.readOnly !== false) return [];
    const content = dropInContent(seen.position.flavor);
    return [ahead('quiet', { kind: 'ssh-file', host, path: stagedPath(fenceDropIn), content })];
  });
  return [...maintenance, ...schedulers, ...accounts, ...files];
}

function chainAhead(
  plan: Plan,
  chain: Chain,
  facts: Readonly<Record<string, FastFacts | undefined>>,
): readonly ActionAhead[] {
  const lockWaitSeconds = Math.max(1, Math.ceil(plan.limits.fenceAttemptMs / 1_000));
  const masters = chain.source.masters.map(({ instance }) => instance);
  return [
    ...masters.map((node) => ahead('fence', mysql(node, 'fence', { lockWaitSeconds }))),
    ...masters.map((node) => ahead('persist-fence', persistAhead(plan, node, facts[node]))),
    ...chain.target.masters.flatMap(({ instance }) => {
      const channel = forwardChannel(chain, instance);
      return channel === null ? [] : [ahead('detach', mysql(instance, 'removeLink', { channel }))];
    }),
    ...chain.target.masters.map(({ instance }) =>
      ahead(
        'promote',
        mysql(instance, 'promote', { notAfterUtc: laterMoment }),
        'the moment after which the server refuses: the last look and limits.passageMs',
      ),
    ),
    ...restoreAhead(plan, chain, facts),
    ...wayBackAhead(plan, chain, facts),
    ...eventsAhead(chain),
  ];
}

function persistAhead(plan: Plan, node: string, facts: FastFacts | undefined): Action {
  const instance = instanceOf(plan, node);
  return instance.fenceDropIn !== undefined &&
    facts?.readOnly === false &&
    facts.position.flavor === 'mariadb'
    ? {
        kind: 'ssh-move',
        host: instance.host,
        from: stagedPath(instance.fenceDropIn),
        to: instance.fenceDropIn,
      }
    : mysql(node, 'persistFence', {});
}

function wayBackAhead(
  plan: Plan,
  chain: Chain,
  facts: Readonly<Record<string, FastFacts | undefined>>,
): readonly ActionAhead[] {
  if (chain.wayBack !== 'reverse') return [];
  const { receiver, from, ringChannel } = reverseEnds(chain);
  const position = facts[from]?.position;
  if (position === undefined) return [];
  const account = { chain: chain.id, direction: 'reverse' } as const;
  const drained = `the end of the log of ${from}, here as it is now: the run takes it from the drained target`;
  const byGtid = chain.gtid === 'on';
  const configuration = reverseConfiguration(plan, chain, byGtid ? null : position);
  return [
    ahead(
      byGtid ? 'configure-reverse' : 'prepare-reverse',
      mysql(receiver, 'configureLink', configuration),
      byGtid ? null : drained,
    ),
    ...(mustOpenRing(chain, position.flavor)
      ? [ahead('prepare-reverse', mysql(receiver, 'stopLink', { channel: ringChannel }))]
      : []),
    ahead(
      'reverse',
      mysql(receiver, 'startLink', {
        channel: reverseChannelOf(chain),
        account,
        ...(byGtid ? { from: position } : {}),
      }),
      byGtid && position.flavor === 'mariadb' ? drained : null,
    ),
  ];
}

function eventsAhead(chain: Chain): readonly ActionAhead[] {
  const target = present(chain.target.masters[0], 'a target master').instance;
  return chain.events.length === 0
    ? []
    : [ahead('events', mysql(target, 'enableEvents', { events: chain.events }))];
}

function redirectAhead(plan: Plan): readonly ActionAhead[] {
  return fleetHosts(plan).flatMap(({ fleet, host, target }) => [
    ahead('redirect', {
      kind: 'ssh',
      host,
      argv: present(fleet.switch[target], `the switch command for ${target}`),
      effect: true,
    }),
    ...(fleet.maintenance === undefined
      ? []
      : [ahead('redirect', { kind: 'ssh', host, argv: fleet.maintenance.off, effect: true })]),
  ]);
}

/** In the order in which they are sent: no endpoint is out before the other one is in. */
function flipAhead({ dns }: Plan): readonly ActionAhead[] {
  const { cluster } = dns?.flip ?? {};
  if (cluster !== undefined) {
    const endpoint = present(cluster.endpoints[0], 'an endpoint');
    const states = statesFor(cluster, 'target');
    const action = { kind: 'routing', endpoint, ask: 'set', states } as const;
    return [ahead('flip', action, 'which endpoint takes it: they are tried in turn')];
  }
  const files = dns?.flip?.files ?? [];
  return (['target', 'source'] as const).flatMap((side) =>
    files.flatMap(({ host, path, standsFor }) =>
      standsFor === side
        ? [
            ahead('flip', {
              kind: 'ssh-file',
              host,
              path,
              content: side === 'target' ? (dns?.flip?.content ?? '') : null,
              way: 'flip',
            }),
          ]
        : [],
    ),
  );
}

function announceAhead({ dns }: Plan): readonly ActionAhead[] {
  return plannedZones(dns).flatMap(({ id }) => {
    const batch = dns === undefined ? null : plannedBatch(dns, id);
    if (batch === null || batch.changes.length === 0) return [];
    const comment = changeComment(laterRun);
    const known =
      dns?.flip?.batch === 'plan-b'
        ? "the run's id; and it is plan B: sent only when a person presses for it"
        : "the run's id";
    return [ahead('announce', { kind: 'zone', zone: id, ask: 'change', batch, comment }, known)];
  });
}
