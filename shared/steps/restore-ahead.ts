import type { Chain, Plan } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { ahead, mysql, type ActionAhead } from './action-ahead.ts';
import type { Action } from './command.ts';
import { instanceOf } from './need.ts';

type Facts = Readonly<Record<string, FastFacts | undefined>>;

/** What *restore* will send for a chain: of a run that turns another one round, what that one had stopped is started again. */
export function restoreAhead(plan: Plan, chain: Chain, facts: Facts): readonly ActionAhead[] {
  const { eventSchedulers = [], lockedAccounts = [] } = chain.target.restore ?? {};
  return [
    ...startsOpenAhead(plan, chain, facts).map((action) => ahead('restore', action)),
    ...eventSchedulers.map((node) => ahead('restore', mysql(node, 'setEventScheduler', { on: true }))),
    ...lockedAccounts.map(({ instance, accounts }) =>
      ahead('restore', mysql(instance, 'lockAccounts', { accounts, locked: false })),
    ),
    ...ringAhead(chain, facts),
  ];
}

/** What an earlier fence of a target may have left for its next start is taken away, wherever such a thing could be. */
function startsOpenAhead(plan: Plan, chain: Chain, facts: Facts): readonly Action[] {
  return chain.target.masters.flatMap(({ instance }) => {
    const { host, fenceDropIn } = instanceOf(plan, instance);
    const persisted =
      facts[instance]?.position.flavor === 'mysql' ? [mysql(instance, 'unpersistFence', {})] : [];
    const file: readonly Action[] =
      fenceDropIn === undefined ? [] : [{ kind: 'ssh-file', host, path: fenceDropIn, content: null }];
    return [...persisted, ...file];
  });
}

/** The ring's own link goes on behind what the run proves; where it still runs, nothing is sent. */
function ringAhead({ gtid, target }: Chain, facts: Facts): readonly ActionAhead[] {
  const ring = target.restore?.ring;
  if (ring === undefined) return [];
  const { instance, from, channel } = ring;
  const link = facts[instance]?.links.find((each) => each.channel === channel);
  const position = facts[from]?.position;
  if (link === undefined || position === undefined) return [];
  if (link.receiver === 'running' && link.applier === 'running') return [];
  const later = `the end of the log of ${from}, here as it is now: the run takes it from what it proves`;
  return gtid === 'off'
    ? [
        ahead('restore', mysql(instance, 'moveLink', { channel, to: position }), later),
        ahead('restore', mysql(instance, 'startLink', { channel })),
      ]
    : [
        ahead(
          'restore',
          mysql(instance, 'startLink', { channel, from: position }),
          position.flavor === 'mariadb' ? later : null,
        ),
      ];
}
