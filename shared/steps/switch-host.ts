import { present } from '../lib/assert.ts';
import type { Instance, Plan } from '../plan/plan.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import { armedChains } from '../plan/switches.ts';
import { dialectOfIdentity } from '../sessions/dialect.ts';
import type { Identity } from '../sessions/identity.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { removeLinkStatements, startLinkStatements } from '../sessions/dialect-links.ts';
import type { Account } from '../sessions/survey.ts';
import { accountsToLock } from './bypass-accounts.ts';
import { stagedPath } from './durable-fence.ts';
import { fleetHosts, instanceOf, sourceNodes } from './need.ts';
import type { UndoItem } from './undo.ts';
import { mustOpenRing } from './way-back.ts';

/** A server as a host's own client reaches it: the words of the command, each a word of the shell already. */
export type SwitchLogin = { readonly instance: string; readonly words: readonly string[] };

/** A link of a server, with the statements that the server's own version understands. */
export type SwitchLink = {
  readonly channel: string;
  readonly show: string;
  readonly statements: readonly string[];
};

/** What a host does for one of its own servers when its switch fires, the thaw first. */
export type SwitchServer = SwitchLogin & {
  /** Thread ids of the run's own sessions there: ended only where user and host are still the same. */
  readonly threads: readonly number[];
  readonly fenceThread: number;
  readonly items: readonly UndoItem[];
  readonly removeReverse: SwitchLink | null;
  readonly closeRing: SwitchLink | null;
  /** What made the fence durable; taken back by the second stage alone. */
  readonly durable: { readonly statements: readonly string[]; readonly file: string | null };
};

export type SwitchTarget = SwitchLogin & { readonly threads: readonly number[] };

/** The servers of one chain on this host, and every target master that must be held before they may open again. */
export type SwitchChain = {
  readonly chain: string;
  readonly servers: readonly string[];
  readonly targets: readonly string[];
};

/** Everything a switch knows: it needs nothing from the cockpit afterwards. */
export type HostSwitch = {
  readonly runId: string;
  readonly host: string;
  readonly deadlineMs: number;
  readonly servers: readonly SwitchServer[];
  readonly targets: readonly SwitchTarget[];
  readonly chains: readonly SwitchChain[];
  /** Commands of the plan that take back what was changed beside the servers. */
  readonly commands: readonly (readonly string[])[];
  /** Files that no server reads, to be removed. */
  readonly files: readonly string[];
};

/** What the run knows when it arms: facts read just before, threads and identities verified before that. */
export type SwitchGround = {
  readonly runId: string;
  readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly identities: Readonly<Record<string, Pick<Identity, 'flavor' | 'version' | 'account'>>>;
  /** Accounts of the nodes where some are locked for the minute, as they were just before. */
  readonly accounts: Readonly<Record<string, readonly Account[]>>;
  readonly facts: Readonly<Record<string, FastFacts | undefined>>;
};

/** One login that a host must be able to make by itself. */
export type HostLoginPlanned = { readonly side: 'source' | 'target'; readonly login: SwitchLogin };

/** Every login that the switch of a host needs: to the source nodes on it, and to the target masters of their chains. */
export function loginsOf(plan: Plan, host: string): readonly HostLoginPlanned[] {
  const reached = armedChains(plan).flatMap((chain) => {
    const here = sourceNodes(chain).filter((id) => instanceOf(plan, id).host === host);
    return here.length === 0 ? [] : [{ chain, here }];
  });
  return reached.flatMap(({ chain, here }): readonly HostLoginPlanned[] => {
    const { deadMansSwitch } = chain;
    const second = deadMansSwitch === undefined || 'none' in deadMansSwitch ? null : deadMansSwitch;
    return [
      ...here.map((id) => ({ side: 'source' as const, login: sourceLogin(instanceOf(plan, id)) })),
      ...(second === null
        ? []
        : chain.target.masters.map(({ instance }) => ({
            side: 'target' as const,
            login: targetLogin(instanceOf(plan, instance), second),
          }))),
    ];
  });
}

/** Servers on a host whose next start matters though no switch logs in to them there: target masters, and sources with a drop-in. */
export function startsOf(plan: Plan, host: string): readonly string[] {
  const seen = loginsOf(plan, host).flatMap(({ side, login }) => (side === 'source' ? [login.instance] : []));
  const nodes = plan.chains.flatMap((chain) => [
    ...chain.target.masters.map(({ instance }) => instance),
    ...sourceNodes(chain).filter((id) => instanceOf(plan, id).fenceDropIn !== undefined),
  ]);
  return nodes.filter((id) => instanceOf(plan, id).host === host && !seen.includes(id));
}

/** The switch of one host of the plan that gets one. */
export function hostSwitch(plan: Plan, host: string, ground: SwitchGround): HostSwitch {
  const isHere = (id: string): boolean => instanceOf(plan, id).host === host;
  const chains = armedChains(plan);
  const servers = chains.flatMap((chain) =>
    sourceNodes(chain)
      .filter(isHere)
      .flatMap((node) => serverOf(plan, [chain, node], ground)),
  );
  const reached = chains.filter((chain) => sourceNodes(chain).some(isHere));
  return {
    runId: ground.runId,
    host,
    deadlineMs: plan.limits.deadMansSwitchMs,
    servers,
    targets: reached.flatMap((chain) => targetsOf(plan, chain, ground)),
    chains: reached.map((chain) => ({
      chain: chain.id,
      servers: servers.map(({ instance }) => instance).filter((id) => sourceNodes(chain).includes(id)),
      targets: targetsOf(plan, chain, ground).map(({ instance }) => instance),
    })),
    commands: fleetHosts(plan).flatMap(({ fleet, host: each }) =>
      each === host && fleet.maintenance !== undefined ? [fleet.maintenance.off] : [],
    ),
    files: servers.flatMap(({ durable: { file } }) => (file === null ? [] : [stagedPath(file)])),
  };
}

function serverOf(
  plan: Plan,
  [chain, node]: readonly [Plan['chains'][number], string],
  ground: SwitchGround,
): readonly SwitchServer[] {
  const instance = instanceOf(plan, node);
  const facts = present(ground.facts[node], `the state of ${node}`);
  const dialect = dialectFor(node, ground);
  const threads = ground.threads[node] ?? {};
  const fenceThread = present(threads['act'], `the acting thread on ${node}`);
  const { receiver, ringChannel } = reverseEnds(chain);
  const reverseChannel = reverseChannelOf(chain);
  const returns = chain.wayBack === 'reverse' && receiver === node;
  const opensRing = returns && mustOpenRing(chain, dialect.version.flavor);
  const accounts = accountsToLock(plan, node, {
    accounts: ground.accounts[node] ?? [],
    own: present(ground.identities[node], node).account,
  });
  // A slave that is closed was closed before the run: it must not be opened, but what else the run changes there is taken back.
  const isClosed = facts.readOnly;
  const items: readonly UndoItem[] = [
    ...(isClosed ? [] : [{ kind: 'thaw', instance: node, fenceThread } as const]),
    ...(accounts.length > 0 ? [{ kind: 'unlock-accounts', instance: node, accounts } as const] : []),
    ...(facts.eventScheduler ? [{ kind: 'scheduler-on', instance: node } as const] : []),
    ...(returns ? [{ kind: 'remove-reverse', instance: node, channel: reverseChannel } as const] : []),
    ...(opensRing ? [{ kind: 'close-ring', instance: node, channel: ringChannel } as const] : []),
  ];
  const link = (channel: string, statements: readonly string[]): SwitchLink => ({
    channel,
    show: dialect.showLinks,
    statements,
  });
  if (items.length === 0) return [];
  const server: SwitchServer = {
    ...sourceLogin(instance),
    threads: Object.values(threads),
    fenceThread,
    items,
    removeReverse: returns ? link(reverseChannel, removeLinkStatements(dialect, reverseChannel)) : null,
    closeRing: opensRing
      ? link(ringChannel, startLinkStatements(dialect, { channel: ringChannel, account: null }))
      : null,
    durable: {
      statements:
        dialect.hasPersist && !isClosed
          ? ['RESET PERSIST IF EXISTS super_read_only', 'RESET PERSIST IF EXISTS read_only']
          : [],
      file: isClosed ? null : (instance.fenceDropIn ?? null),
    },
  };
  return [server];
}

function targetsOf(
  plan: Plan,
  chain: Plan['chains'][number],
  { threads }: SwitchGround,
): readonly SwitchTarget[] {
  const { deadMansSwitch } = chain;
  if (deadMansSwitch === undefined || 'none' in deadMansSwitch) return [];
  return chain.target.masters.map(({ instance }) => ({
    ...targetLogin(instanceOf(plan, instance), deadMansSwitch),
    threads: Object.values(threads[instance] ?? {}),
  }));
}

/** How a host's own client is called for one of its servers. */
export function sourceLogin(instance: Instance): SwitchLogin {
  const { client, optionFile, socket, user } = present(instance.hostLogin, `hostLogin of ${instance.id}`);
  const at = socket ?? instance.socket;
  return {
    instance: instance.id,
    words: [
      client,
      ...(optionFile === undefined ? [] : [`--defaults-file=${optionFile}`]),
      ...(at === undefined
        ? ['--protocol=TCP', `--host=${instance.address}`, `--port=${instance.port}`]
        : ['--protocol=SOCKET', `--socket=${at}`]),
      ...(user === undefined ? [] : [`--user=${user}`]),
    ],
  };
}

/** How a source host's client is called for a target master. */
export function targetLogin(
  instance: Instance,
  by: { readonly client: string; readonly targetOptionFile: string },
): SwitchLogin {
  return {
    instance: instance.id,
    words: [
      by.client,
      `--defaults-file=${by.targetOptionFile}`,
      '--protocol=TCP',
      `--host=${instance.replicationAddress ?? instance.address}`,
      `--port=${instance.replicationPort ?? instance.port}`,
    ],
  };
}

function dialectFor(node: string, { identities }: SwitchGround) {
  const identity = present(identities[node], `the identity of ${node}`);
  return present(dialectOfIdentity(identity) ?? undefined, `a known version of ${node}`);
}
