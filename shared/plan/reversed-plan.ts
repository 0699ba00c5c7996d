import { failed, ok, type Result } from '../lib/result.ts';
import { judgePlan } from './judge-plan.ts';
import type { PlannedDns } from './plan-dns.ts';
import type { FlipTurn } from './plan-flip.ts';
import type { Chain, Member, Plan } from './plan.ts';
import { loweredSide } from './planned-sets.ts';
import { reverseChannelOf, reverseEnds, saidChannel } from './reverse-ends.ts';

/** What only the journal of the way forth knows. */
export type FoundForth = {
  /** Instances whose event scheduler that run switched off. */
  readonly schedulersOff: readonly string[];
  /** Accounts that run locked, by instance. */
  readonly accountsLocked?: NonNullable<Restore['lockedAccounts']>;
  /** Whether that run changed the record sets; where it flipped health checks alone, the zone is as it was before. */
  readonly setsChanged?: boolean;
};

type Restore = NonNullable<Chain['target']['restore']>;

/** A plan turned round, and what will not be as it was before the way forth. */
export type Turned = { readonly plan: Plan; readonly notes: readonly string[] };

/**
 * The plan of the way back: the same estate with its sides swapped, as it stands once a run of `plan` is done. The source
 * master that follows the target becomes the first to be entered, its own open ring link is closed again behind the
 * promotion, and the link of the way forth is the way back of the way back. Reversing twice gives the plan again.
 * What is missing for the other direction is named, all of it at once.
 */
export function reversedPlan(plan: Plan, found: FoundForth): Result<Turned, readonly string[]> {
  const lacking = plan.chains.flatMap(lackingOf);
  if (lacking.length > 0) return failed(lacking);
  const reversed: Plan = {
    ...plan,
    chains: plan.chains.map((chain) => reversedChain(chain, found)),
    appFleets: plan.appFleets.map((fleet) => ({ ...fleet, hosts: fleet.hosts.map(swapped) })),
    tunnels: plan.tunnels.map(swapped),
    clients: plan.clients.map((client) => (client.kind === 'mysql' ? swapped(client) : client)),
    ...(plan.dns === undefined ? {} : { dns: reversedDns(plan.dns, found) }),
  };
  const wrong = judgePlan(reversed).map(({ message }) => `Turned round, ${message}`);
  return wrong.length > 0
    ? failed(wrong)
    : ok({
        plan: reversed,
        notes: [...plan.chains.flatMap((chain) => notesOf(plan, chain)), ...flipNotes(reversed)],
      });
}

/** The TTLs are still lowered when the way back begins: it finds them so, and leaves them so until Close. */
function reversedDns(dns: PlannedDns, { setsChanged }: FoundForth): PlannedDns {
  const { ttlSeconds } = dns.runway;
  const { flip } = dns;
  const records = (sides: 'swapped' | 'kept'): PlannedDns['records'] =>
    dns.records.map((record) => ({
      ...record,
      before: loweredSide(sides === 'swapped' ? record.after : record.before, ttlSeconds),
      after: loweredSide(record.before, ttlSeconds),
    }));
  if (flip === undefined) return { ...dns, records: records('swapped') };
  const changed = setsChanged ?? flip.batch === 'also';
  const turned = <T extends FlipTurn>(turn: T): T => ({
    ...turn,
    standsFor: turn.standsFor === 'source' ? 'target' : 'source',
  });
  const { cluster } = flip;
  // What the batch wrote has to be written back; the flip alone would leave the target in the zone.
  return {
    ...dns,
    records: records(changed ? 'swapped' : 'kept'),
    flip: {
      ...flip,
      files: flip.files.map(turned),
      ...(cluster === undefined ? {} : { cluster: { ...cluster, controls: cluster.controls.map(turned) } }),
      batch: changed ? 'also' : 'plan-b',
    },
  };
}

function swapped<T extends { readonly source: string; readonly target: string }>(sides: T): T {
  return { ...sides, source: sides.target, target: sides.source };
}

/** Why a chain cannot be turned round by any run; nothing where it can. */
function lackingOf(chain: Chain): readonly string[] {
  if (chain.wayBack !== 'reverse')
    return [`Chain ${chain.id} has no way back, as its plan says: ${chain.wayBack.none}`];
  const { masters, restore } = chain.target;
  return [
    ...(chain.replication.reverse === undefined
      ? [
          `Chain ${chain.id} has no replication.reverse: expected the account with which its source follows the target.`,
        ]
      : []),
    // In a ring each holds what the others wrote; without one only what a single master wrote comes back.
    ...(masters.length > 1 && restore?.ring === undefined
      ? [
          `Chain ${chain.id} has ${masters.length} target masters (${masters.map(({ instance }) => instance).join(', ')}): expected one, because the reverse link brings back what one of them wrote.`,
        ]
      : []),
  ];
}

/** What was announced by health checks alone is taken back by them alone. */
function flipNotes({ dns }: Plan): readonly string[] {
  return dns?.flip?.batch === 'plan-b'
    ? [
        `DNS is turned back by the ${dns.flip.by === 'files' ? 'files' : 'routing controls'} of the flip. The zone was left as it was, so there is no change batch as plan B.`,
      ]
    : [];
}

function notesOf(plan: Plan, chain: Chain): readonly string[] {
  const { receiver, from } = reverseEnds(chain);
  const feeder = chain.target.masters.find(({ instance }) => instance === from)?.from;
  const logins = chain.target.masters.filter(
    ({ instance }) => plan.instances.find(({ id }) => id === instance)?.hostLogin === undefined,
  );
  return [
    ...(feeder === undefined || feeder === receiver
      ? []
      : [
          `${from} will follow ${receiver} afterwards, and no longer ${feeder}: correct it in the plan before the next run.`,
        ]),
    ...(logins.length === 0
      ? []
      : [
          `${logins.map(({ instance }) => instance).join(', ')} of ${chain.id} has no hostLogin: while it is closed on the way back, no dead-man's switch opens it again.`,
        ]),
  ];
}

function reversedChain(chain: Chain, { schedulersOff, accountsLocked = [] }: FoundForth): Chain {
  const ends = reverseEnds(chain);
  const { forward, reverse = forward } = chain.replication;
  const restored = chain.target.restore?.ring;
  const entered = chain.source.masters.find(({ instance }) => instance === ends.receiver);
  const ring = entered?.from;
  const nodes = [...chain.source.masters, ...chain.source.slaves].map(({ instance }) => instance);
  const eventSchedulers = nodes.filter((node) => schedulersOff.includes(node));
  const lockedAccounts = accountsLocked.filter(({ instance }) => nodes.includes(instance));
  const restore = {
    ...(ring === undefined
      ? {}
      : { ring: { instance: ends.receiver, from: ring, channel: ends.ringChannel } }),
    eventSchedulers,
    ...(lockedAccounts.length === 0 ? {} : { lockedAccounts }),
  };
  const { restore: _restore, ...left } = chain.target;
  const { deadMansSwitch, ...rest } = chain;
  return {
    ...rest,
    ...switchOfOtherSide(deadMansSwitch),
    source: {
      masters: left.masters.map((master) => leftMaster(master, ends.from, restored)),
      slaves: left.replicas,
    },
    target: {
      masters: chain.source.masters.map((master) =>
        master.instance === ends.receiver
          ? { ...master, from: ends.from, channel: reverseChannelOf(chain) }
          : master,
      ),
      replicas: chain.source.slaves,
      ...(ring === undefined && eventSchedulers.length + lockedAccounts.length === 0 ? {} : { restore }),
    },
    replication: {
      forward: { account: reverse.account, tls: reverse.tls },
      reverse: {
        account: forward.account,
        tls: forward.tls,
        ...saidChannel(left.masters.find(({ instance }) => instance === ends.from)?.channel ?? ''),
      },
    },
  };
}

/** A promoted target follows nobody any more but its co-master, where an earlier run had opened their ring. */
function leftMaster(master: Member, entry: string, ring: Restore['ring']): Member {
  if (ring?.instance === master.instance)
    return { instance: master.instance, from: ring.from, channel: ring.channel };
  return master.instance === entry ? { instance: master.instance, channel: '' } : master;
}

/** The second stage of the other side's switch needs the file that leads from there to here; without one it has none. */
function switchOfOtherSide(said: Chain['deadMansSwitch']): Pick<Chain, 'deadMansSwitch'> {
  if (said === undefined || 'none' in said) return said === undefined ? {} : { deadMansSwitch: said };
  const { client, targetOptionFile, sourceOptionFile } = said;
  return sourceOptionFile === undefined
    ? {}
    : { deadMansSwitch: { client, targetOptionFile: sourceOptionFile, sourceOptionFile: targetOptionFile } };
}
