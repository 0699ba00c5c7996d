import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import { ownLeftStatement, killOwnStatement, type OwnSessions } from '../sessions/dialect-by-hand.ts';
import { lockHolderStatement } from '../sessions/dialect-effects.ts';
import { identityStatement, stateStatements } from '../sessions/dialect-reads.ts';
import { dialectOfIdentity, type Dialect } from '../sessions/dialect.ts';
import { nodesToFence } from '../steps/fence.ts';
import { planNodes } from '../steps/need.ts';
import { lostPrefix, type Run } from '../steps/run.ts';
import { mysqlLine, mysqlTo } from './sheet-reach.ts';
import type { Sheet, SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';
import { statementWord } from '../lib/shell-words.ts';

/** The words of a server, as this run found it. */
export function dialectAt({ run }: SheetGround, node: string): Dialect {
  const identity = present(run.identities[node], `the identity of ${node}`);
  return present(
    dialectOfIdentity(identity),
    `a dialect for ${identity.flavor} ${identity.version} (${node})`,
  );
}

/** Columns that only the server of this run answers like this. MariaDB has no uuid: its id and its place on disk together. */
function identityColumns({ run }: SheetGround, node: string): Readonly<Record<string, string>> {
  const { serverUuid, serverId, datadir } = present(run.identities[node], `the identity of ${node}`);
  return serverUuid === null
    ? { server_id: String(serverId), datadir }
    : { server_id: String(serverId), server_uuid: serverUuid };
}

const wrongServer =
  'It is another server than this run began with: send nothing to it, and call whoever knows it.';

/** Who the server is, before anything is changed there; `columns`: what else it must say. */
export function identityLine(
  ground: SheetGround,
  node: string,
  also: { readonly columns: Readonly<Record<string, string>>; readonly otherwise: string },
): SheetLine {
  const dialect = dialectAt(ground, node);
  return {
    where: node,
    says: 'Is it the server of this run?',
    command: mysqlLine(ground, node, [identityStatement(dialect), stateStatements(dialect)[0] ?? '']),
    expects: { kind: 'columns', columns: { ...identityColumns(ground, node), ...also.columns } },
    otherwise: `${wrongServer} ${also.otherwise}`.trim(),
  };
}

/** What a server says of itself: read back after whatever was changed. */
export function lookLine(
  ground: SheetGround,
  node: string,
  read: {
    readonly says: string;
    readonly columns: Readonly<Record<string, string>>;
    readonly otherwise?: string;
  },
): SheetLine {
  return {
    where: node,
    says: read.says,
    command: mysqlLine(ground, node, stateStatements(dialectAt(ground, node)).slice(0, 1)),
    expects: { kind: 'columns', columns: read.columns },
    ...(read.otherwise === undefined ? {} : { otherwise: read.otherwise }),
  };
}

/** Columns of a server that takes writes, or takes none. */
export function writable(
  ground: SheetGround,
  node: string,
  takesWrites: boolean,
): Readonly<Record<string, string>> {
  const value = takesWrites ? '0' : '1';
  // A target stands closed as it was built: only whoever the cockpit fenced is closed for privileged accounts too.
  return takesWrites && dialectAt(ground, node).hasSuperReadOnly
    ? { read_only: value, super_read_only: value }
    : { read_only: value };
}

/** The cockpit's own sessions are ended on every server and seen gone, and the run lock is seen free. */
export function cockpitEnded(ground: SheetGround): SheetSection {
  return {
    title: "End the cockpit's own sessions, and see the run lock free",
    text: [
      'If a cockpit still runs anywhere, it must not act beside you: end its process first. One that says "taking everything back" is left alone for its last seconds.',
      'A statement of the cockpit that still waits on a server (a pending fence, above all) is ended with its session; otherwise it would take effect later.',
      "Only sessions that still belong to the cockpit's account are ended: a thread id may belong to somebody else since a restart of the server.",
    ],
    lines: planNodes(ground.plan).flatMap((node) => endedAt(ground, node)),
  };
}

function endedAt(ground: SheetGround, node: string): readonly SheetLine[] {
  const identity = ground.run.identities[node];
  const threads = ownThreads(ground.run, node);
  if (identity === undefined || threads.length === 0) return [];
  const dialect = dialectAt(ground, node);
  const own: OwnSessions = { threads, account: identity.account };
  const to = mysqlTo(ground.plan, node);
  return [
    {
      where: node,
      says: `End what is left of the cockpit's sessions (${identity.account}).`,
      command: `${to} -N -B -e ${statementWord(killOwnStatement(dialect, own))} | ${to} --force`,
      expects: { kind: 'no-error' },
      // Whoever is gone between the list and the KILL is gone as wanted.
      accepts: [1094],
    },
    {
      where: node,
      says: 'See them gone, and nobody in the run lock.',
      command: mysqlLine(ground, node, [ownLeftStatement(dialect, own), lockHolderStatement]),
      expects: { kind: 'columns', columns: { still_there: '0', holder: 'NULL' } },
      repeat: true,
      otherwise:
        'still_there is more than 0 after a few tries: a thread is rolling back; wait for it. holder is a number: another cockpit or person drives. Find out who, before anything else.',
    },
  ];
}

/** Threads of the account that may change the server; the plain one's cannot open or close anything. */
function ownThreads(run: Run, node: string): readonly number[] {
  const threads = Object.entries(run.threads[node] ?? {}).flatMap(([purpose, thread]) =>
    purpose === 'plain' || purpose.startsWith(`${lostPrefix}plain `) ? [] : [thread],
  );
  return [...new Set(threads)].toSorted((one, other) => one - other);
}

/** What must be true when all lines were sent: one look at every server that matters. */
export function checks(ground: SheetGround, direction: Sheet['direction']): SheetSection {
  const { run, plan } = ground;
  const forward = direction === 'forward';
  // After a run that was reversed only a person knows which side is meant to take writes.
  const unsure = run.outcome === 'reversed';
  const sides = plan.chains.flatMap((chain) => [
    ...(forward ? nodesToFence(run, chain) : mastersOf(chain, 'source')).map(
      (node) => [node, !forward] as const,
    ),
    ...mastersOf(chain, 'target').map((node) => [node, forward] as const),
  ]);
  return {
    title: 'See that all is as it must be',
    text: unsure
      ? [
          'This run was reversed: exactly one side of each chain may take writes. See which one, and change nothing.',
        ]
      : [
          'Exactly one side of each chain takes writes. Then write one row as the application would, and read it back.',
        ],
    lines: sides.map(([node, open]) =>
      unsure
        ? {
            ...lookLine(ground, node, { says: 'Does it take writes?', columns: {} }),
            expects: { kind: 'look', text: 'read_only: 0 takes writes, 1 does not' },
          }
        : lookLine(ground, node, {
            says: open ? 'It takes writes.' : 'It takes no writes.',
            columns: { ...writable(ground, node, open), lock_holder: 'NULL' },
            ...(direction === 'nothing'
              ? {
                  otherwise:
                    'A later run, or somebody else, changed it since. Find out who; change nothing by this sheet.',
                }
              : {}),
          }),
    ),
  };
}

/** The masters of one side. */
export function mastersOf(chain: Chain, side: 'source' | 'target'): readonly string[] {
  return chain[side].masters.map(({ instance }) => instance);
}
