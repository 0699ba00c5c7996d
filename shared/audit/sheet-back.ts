import { present } from '../lib/assert.ts';
import {
  eventSchedulerStatement,
  lockAccountStatements,
  takeLockStatement,
  thawStatement,
} from '../sessions/dialect-effects.ts';
import { schedulerSeenStatement, showLinkStatement } from '../sessions/dialect-by-hand.ts';
import { removeLinkStatements, startLinkStatements } from '../sessions/dialect-links.ts';
import { plainPath, plainWord, quoteWord, statementWord } from '../lib/shell-words.ts';
import { epochMark } from '../steps/driver.ts';
import { standDownArgv } from '../steps/stand-down.ts';
import type { UndoItem } from '../steps/undo.ts';
import { dialectAt, identityLine, lookLine, mastersOf, writable } from './sheet-common.ts';
import { mysqlLine, mysqlTo, sshLine } from './sheet-reach.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/** Error numbers of MariaDB and MySQL that say a link of this name does not exist. */
export const noSuchLink = [1617, 3074];

type Item<K extends UndoItem['kind']> = Extract<UndoItem, { readonly kind: K }>;
type Lines = {
  readonly [K in UndoItem['kind']]: (ground: SheetGround, item: Item<K>) => readonly SheetLine[];
};

/** Each kind of the undo list as lines for a person; a new kind does not compile without its own. */
const linesOf: Lines = {
  thaw: thawLines,
  'scheduler-on': schedulerLines,
  'unlock-accounts': unlockLines,
  unstage: unstageLines,
  'maintenance-off': maintenanceLines,
  'close-ring': ringLines,
  'remove-reverse': reverseLines,
  'stand-down': standDownLines,
  epoch: epochLines,
};

/**
 * The small things in this order: a ring is closed only where no reverse link is left, or events could circle, and the
 * dead-man's switch stands down last, because as long as it is armed it does all of this by itself.
 */
const smallInOrder = [
  'remove-reverse',
  'close-ring',
  'scheduler-on',
  'unlock-accounts',
  'unstage',
  'maintenance-off',
  'stand-down',
  'epoch',
] as const satisfies readonly UndoItem['kind'][];

/** The way back before the point of no return: thaw first, then the smaller things. */
export function backSections(ground: SheetGround): readonly SheetSection[] {
  const { undo } = ground.run;
  const thaws = undo.filter((item) => item.kind === 'thaw');
  const small = smallInOrder.flatMap((kind) => undo.filter((item) => item.kind === kind));
  return [
    {
      title: 'See that no target takes writes',
      text: ['This is what makes opening the source safe. No answer is not a yes.'],
      lines: ground.plan.chains.flatMap((chain) =>
        mastersOf(chain, 'target').map((node) =>
          identityLine(ground, node, {
            columns: writable(ground, node, false),
            otherwise:
              'read_only: 0 means that it was promoted after this sheet was written: STOP, open no source, and print the sheet again with `cockpit sheet RUN`.',
          }),
        ),
      ),
    },
    ...section('Open the source again (thaw)', thaws, ground),
    ...section('Set the smaller things back', small, ground),
  ];
}

function section(title: string, items: readonly UndoItem[], ground: SheetGround): readonly SheetSection[] {
  if (items.length === 0) return [];
  return [{ title, text: [], lines: items.flatMap((item) => itemLines(ground, item)) }];
}

/** One thing to set back, as lines for a person. */
export function itemLines<K extends UndoItem['kind']>(
  ground: SheetGround,
  item: Item<K> & { readonly kind: K },
): readonly SheetLine[] {
  return linesOf[item.kind](ground, item);
}

function thawLines(ground: SheetGround, { instance }: Item<'thaw'>): readonly SheetLine[] {
  return [
    identityLine(ground, instance, { columns: {}, otherwise: '' }),
    {
      where: instance,
      says: 'Take the run lock and open it, in one session; without the lock the server refuses (error 1242) and nothing changes.',
      command: mysqlLine(ground, instance, [takeLockStatement, thawStatement([])]),
      expects: { kind: 'columns', columns: { held: '1' } },
      otherwise:
        'held: 0 or error 1242: another cockpit or person holds the run lock. Find out who, before anything else.',
    },
    lookLine(ground, instance, {
      says: 'Read it back: it takes writes.',
      columns: { ...writable(ground, instance, true), lock_holder: 'NULL' },
    }),
  ];
}

function schedulerLines(ground: SheetGround, { instance }: Item<'scheduler-on'>): readonly SheetLine[] {
  return [
    {
      where: instance,
      says: 'Event scheduler on, as before the run; then read back.',
      command: mysqlLine(ground, instance, [eventSchedulerStatement(true), schedulerSeenStatement]),
      expects: { kind: 'columns', columns: { event_scheduler: 'ON' } },
    },
  ];
}

/** MySQL refuses it as long as the server is closed, so it stands behind the thaw. */
function unlockLines(
  ground: SheetGround,
  { instance, accounts }: Item<'unlock-accounts'>,
): readonly SheetLine[] {
  return [
    {
      where: instance,
      says: `Unlock what the run locked for the minute: ${accounts.join(', ')}. Not into the binary log.`,
      command: mysqlLine(ground, instance, lockAccountStatements(accounts, false)),
      expects: { kind: 'no-error' },
    },
  ];
}

function reverseLines(
  ground: SheetGround,
  { instance, channel }: Item<'remove-reverse'>,
): readonly SheetLine[] {
  const dialect = dialectAt(ground, instance);
  return [
    {
      where: instance,
      says: `Remove the reverse link, by its name ${channel}: left configured, it would start when this server restarts.`,
      command: mysqlLine(ground, instance, removeLinkStatements(dialect, channel)),
      expects: { kind: 'no-error' },
      accepts: noSuchLink,
    },
    linkCount(ground, [instance, channel], 'See it gone.'),
  ];
}

/** How often a link's name stands in the list of all links: `grep` counts, so that one figure is the answer. */
export function linkCount(
  ground: SheetGround,
  [instance, channel]: readonly [string, string],
  says: string,
): SheetLine {
  const { showLinks, version } = dialectAt(ground, instance);
  const column = version.flavor === 'mariadb' ? 'Connection_name' : 'Channel_Name';
  return {
    where: instance,
    says,
    command: `${mysqlTo(ground.plan, instance)} -E -e ${statementWord(showLinks)} | grep -c ${plainWord(`${column}: ${channel}`)}'$'`,
    expects: { kind: 'answer', text: '0' },
  };
}

function ringLines(ground: SheetGround, { instance, channel }: Item<'close-ring'>): readonly SheetLine[] {
  const dialect = dialectAt(ground, instance);
  const word = dialect.columns === 'source' ? 'Replica' : 'Slave';
  return [
    {
      where: instance,
      says: 'Let it follow its co-master again (the ring). Only when no reverse link is left here.',
      command: mysqlLine(ground, instance, startLinkStatements(dialect, { channel, account: null })),
      expects: { kind: 'no-error' },
    },
    {
      where: instance,
      says: 'See it run.',
      command: mysqlLine(ground, instance, [showLinkStatement(dialect, channel)]),
      expects: {
        kind: 'columns',
        columns: { [`${word}_IO_Running`]: 'Yes', [`${word}_SQL_Running`]: 'Yes' },
      },
      repeat: true,
      otherwise:
        'It shows its error as Last_IO_Error or Last_SQL_Error. The application may write meanwhile: the co-masters agree later.',
    },
  ];
}

function unstageLines(ground: SheetGround, { host, path }: Item<'unstage'>): readonly SheetLine[] {
  const file = plainPath(path);
  return [
    {
      where: host,
      says: 'Remove a file that no server reads. Left behind it does no harm.',
      command: sshLine(ground, host, `rm -f -- ${file}; [ -e ${file} ] || echo gone`),
      expects: { kind: 'answer', text: 'gone' },
    },
  ];
}

function maintenanceLines(
  ground: SheetGround,
  { fleet, host }: Item<'maintenance-off'>,
): readonly SheetLine[] {
  const planned = present(
    ground.plan.appFleets.find(({ id }) => id === fleet),
    fleet,
  );
  const off = planned.maintenance?.off;
  if (off === undefined) return [];
  return [
    {
      where: host,
      says: `Maintenance mode of ${fleet} off.`,
      command: sshLine(ground, host, off.map(plainWord).join(' ')),
      expects: { kind: 'no-error' },
    },
  ];
}

function standDownLines(ground: SheetGround, { host }: Item<'stand-down'>): readonly SheetLine[] {
  const argv = standDownArgv(ground.run.id, host, 'undone');
  return [
    {
      where: host,
      says: "Tell its dead-man's switch to stand down: everything it would undo is undone.",
      command: sshLine(ground, host, argv.map(quoteWord).join(' ')),
      expects: { kind: 'no-error' },
      otherwise:
        'Exit status 3: it had acted already and opened the source by itself; its result file on the host says what it did.',
    },
  ];
}

function epochLines(ground: SheetGround, { host }: Item<'epoch'>): readonly SheetLine[] {
  const file = plainPath(epochMark(ground.run, host).file);
  return [
    {
      where: host,
      says: "Remove the run's epoch: from then on this host lets no line of a cockpit of this run through.",
      command: sshLine(ground, host, `rm -f -- ${file}; [ -e ${file} ] || echo gone`),
      expects: { kind: 'answer', text: 'gone' },
    },
  ];
}
