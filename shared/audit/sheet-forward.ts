import { union } from '../observations/gtid-set.ts';
import type { Chain } from '../plan/plan.ts';
import { containsStatement } from '../sessions/dialect-by-hand.ts';
import {
  fenceStatements,
  persistFenceStatements,
  takeLockStatement,
  thawStatement,
} from '../sessions/dialect-effects.ts';
import { removeLinkStatements } from '../sessions/dialect-links.ts';
import { plainPath, plainWord, statementWord } from '../lib/shell-words.ts';
import { wasOpened } from '../steps/again.ts';
import { positionText } from '../steps/containment.ts';
import { dropInContent, stagedPath } from '../steps/durable-fence.ts';
import { nodesToFence } from '../steps/fence.ts';
import { fleetHosts, instanceOf } from '../steps/need.ts';
import { stayLocked } from '../steps/locked-accounts.ts';
import { lastSeen } from '../steps/passage.ts';
import { openedBySwitch } from '../steps/stand-down.ts';
import { forwardChannel } from '../steps/promote.ts';
import { linkCount, noSuchLink } from './sheet-back.ts';
import { dialectAt, identityLine, lookLine, mastersOf, writable } from './sheet-common.ts';
import { mysqlLine, mysqlTo, sshLine } from './sheet-reach.ts';
import { leftOpenSection } from './sheet-left-open.ts';
import { giveBackSections } from './sheet-give-back.ts';
import { restoreSections } from './sheet-restore.ts';
import { eventSections, reverseSections } from './sheet-way-back.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';
import { flipSections } from './sheet-flip.ts';
import { announceSections } from './sheet-zones.ts';

/** Forward from the point of no return: the sources stay shut, the targets open, the application follows. */
export function forwardSections(ground: SheetGround): readonly SheetSection[] {
  const { run, plan } = ground;
  const opened = openedBySwitch(run, plan);
  const chains = plan.chains.filter((chain) => !opened.includes(chain));
  return [
    ...opened.map((chain) => leftOpenSection(ground, chain)),
    {
      title: 'Keep the sources closed, restarts included',
      text: [
        'Closing a source is always allowed here, and may be repeated. A source that cannot be reached must stay unreachable for the application.',
      ],
      lines: chains.flatMap((chain) =>
        nodesToFence(ground.run, chain).flatMap((node) => fenceLines(ground, node)),
      ),
    },
    ...chains.map((chain) => promoteSection(ground, chain)),
    ...chains.flatMap((chain) => restoreSections(ground, chain)),
    // Hosts and names of an estate of which a part stays at its source are for whoever knows the application.
    ...(opened.length > 0
      ? []
      : [...redirectSections(ground), ...flipSections(ground), ...announceSections(ground)]),
    ...chains.flatMap((chain) => reverseSections(ground, chain)),
    ...chains.flatMap((chain) => eventSections(ground, chain)),
    ...lockedSections(ground),
    ...giveBackSections(ground),
  ];
}

/** Told, and nothing to be sent: unlocked behind a fence they could write there. */
function lockedSections({ run }: SheetGround): readonly SheetSection[] {
  const text = stayLocked(run);
  return text.length === 0
    ? []
    : [{ title: 'Leave locked what the run locked on the source', text, lines: [] }];
}

function fenceLines(ground: SheetGround, node: string): readonly SheetLine[] {
  const dialect = dialectAt(ground, node);
  const seconds = Math.max(1, Math.ceil(ground.plan.limits.fenceAttemptMs / 1_000));
  const closed: Readonly<Record<string, string>> = dialect.hasSuperReadOnly ? { super_read_only: '1' } : {};
  return [
    identityLine(ground, node, { columns: {}, otherwise: '' }),
    {
      where: node,
      says: 'Close it, under the run lock; where it is closed already nothing changes.',
      command: mysqlLine(ground, node, [takeLockStatement, ...fenceStatements(dialect, seconds)]),
      expects: { kind: 'columns', columns: { held: '1' } },
      otherwise:
        'Error 1205: somebody writes and keeps it waiting; end that session and send the line again. Error 1242: somebody else holds the run lock.',
    },
    lookLine(ground, node, {
      says: 'Read it back: it takes no writes.',
      columns: { read_only: '1', ...closed },
    }),
    ...durableLines(ground, node),
  ];
}

function durableLines(ground: SheetGround, node: string): readonly SheetLine[] {
  const statements = persistFenceStatements(dialectAt(ground, node));
  if (statements.length > 0)
    return [
      {
        where: node,
        says: 'Let it stay closed over a restart.',
        command: mysqlLine(ground, node, [takeLockStatement, ...statements]),
        expects: { kind: 'columns', columns: { held: '1' } },
      },
    ];
  const { host, fenceDropIn } = instanceOf(ground.plan, node);
  if (fenceDropIn === undefined) return [];
  const [staged, place] = [stagedPath(fenceDropIn), fenceDropIn].map(plainPath);
  const content = dropInContent('mariadb')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('\n', '\\n');
  return [
    {
      where: host,
      says: `Let ${node} stay closed over a restart: a file that it reads when it starts.`,
      command: sshLine(
        ground,
        host,
        `printf '${content}' > ${staged} && mv -f -- ${staged} ${place} && grep -c read_only=1 ${place}`,
      ),
      expects: { kind: 'answer', text: '1' },
      otherwise: 'It would come back open after a restart: watch it, and close it again at once.',
    },
  ];
}

function promoteSection(ground: SheetGround, chain: Chain): SheetSection {
  // One that was opened and came back closed was written to: it is opened again as it is.
  const promoted = ground.run.steps[`promote:${chain.id}`]?.state === 'done' || wasOpened(ground.run, chain);
  const positions = nodesToFence(ground.run, chain).map(
    (node) => `${node} stood at ${positionText(lastSeen(ground.run, node).position)}`,
  );
  return {
    title: `${chain.id}: ${promoted ? 'the target was opened; see that it still is' : 'open the target'}`,
    text: [
      `The last word of the source, behind the fence: ${positions.join('; ')}.`,
      ...(promoted ? [] : ['Only a target that contains all of that may be opened.']),
    ],
    lines: mastersOf(chain, 'target').flatMap((node) => targetLines(ground, chain, { node, promoted })),
  };
}

function targetLines(
  ground: SheetGround,
  chain: Chain,
  { node, promoted }: { readonly node: string; readonly promoted: boolean },
): readonly SheetLine[] {
  const identity = identityLine(ground, node, { columns: {}, otherwise: '' });
  const open = openLine(ground, chain, node);
  const seen = lookLine(ground, node, {
    says: 'It takes writes.',
    columns: { ...writable(ground, node, true), lock_holder: 'NULL' },
    otherwise:
      'read_only: 1, and the journal says it was opened: it was restarted. Only when every source above answered that it is closed, send the next line; then take read_only out of its option file.',
  });
  const readBack = lookLine(ground, node, {
    says: 'Read it back: it takes writes.',
    columns: writable(ground, node, true),
  });
  if (promoted) return [identity, seen, { ...open, onlyOtherwise: true }, readBack];
  return [identity, containsLine(ground, chain, node), ...detachLines(ground, chain, node), open, readBack];
}

/** All that the source nodes that took writes had committed, as the last look saw it; null without GTID. */
function everything({ run }: SheetGround, chain: Chain): string | null {
  if (chain.gtid === 'off') return null;
  const all = union(nodesToFence(run, chain).map((node) => lastSeen(run, node).position));
  return all.ok ? all.value : null;
}

const lacking =
  'STOP, and do not open it: it lacks writes that were acknowledged. They are on the closed sources; let its replication run (or start it again) until this line answers 1.';

function containsLine(ground: SheetGround, chain: Chain, node: string): SheetLine {
  const wanted = everything(ground, chain);
  const dialect = dialectAt(ground, node);
  if (wanted !== null)
    return {
      where: node,
      says: 'Does it contain everything the source ever committed?',
      command: mysqlLine(ground, node, [containsStatement(dialect, wanted)]),
      expects: { kind: 'columns', columns: { contains_everything: '1' } },
      otherwise: lacking,
    };
  // By file and position it was proven before the point of no return; nothing may have been written here since.
  const { file, offset } = lastSeen(ground.run, node).position;
  return {
    where: node,
    says: 'It contained everything when it was last looked at, and nothing was written here since.',
    command: mysqlLine(ground, node, [dialect.showPosition]),
    expects: {
      kind: 'look',
      text: `File: ${file ?? 'none'} and Position: ${offset ?? 'none'}, or a later file with nothing in it, if this server was restarted`,
    },
    otherwise: lacking,
  };
}

function detachLines(ground: SheetGround, chain: Chain, node: string): readonly SheetLine[] {
  const channel = forwardChannel(chain, node);
  if (channel === null) return [];
  return [
    {
      where: node,
      says: 'Take it off its source, by the name of the link: only stopped, it would follow again after a restart.',
      command: mysqlLine(ground, node, removeLinkStatements(dialectAt(ground, node), channel)),
      expects: { kind: 'no-error' },
      accepts: noSuchLink,
    },
    linkCount(ground, [node, channel], 'See the link gone.'),
  ];
}

/** Opens a target under the run lock; by GTID only when it answers, in this very line, that it contains everything. */
function openLine(ground: SheetGround, chain: Chain, node: string): SheetLine {
  const wanted = everything(ground, chain);
  const guard =
    wanted === null
      ? ''
      : `[ "$(${mysqlTo(ground.plan, node)} -N -B -e ${statementWord(containsStatement(dialectAt(ground, node), wanted))})" = 1 ] && `;
  return {
    where: node,
    says: `Open it for writes, under the run lock${wanted === null ? '' : ', and only if it contains everything'}.`,
    command: `${guard}${mysqlLine(ground, node, [takeLockStatement, thawStatement([])])}`,
    expects: { kind: 'columns', columns: { held: '1' } },
    otherwise:
      'No answer at all: it lacks something, see the line above. Error 1242: another cockpit or person holds the run lock.',
  };
}

function redirectSections(ground: SheetGround): readonly SheetSection[] {
  const redirected = ground.run.steps['redirect']?.state === 'done';
  const lines = fleetHosts(ground.plan).flatMap(({ fleet, host, target }): readonly SheetLine[] => {
    const verify: SheetLine = {
      where: host,
      says: `Does ${fleet.id} use ${target} here?`,
      command: sshLine(ground, host, fleet.verify.map(plainWord).join(' ')),
      expects: { kind: 'answer', text: target },
      otherwise: 'Send the next line.',
    };
    const change: SheetLine = {
      where: host,
      says: `Let ${fleet.id} use ${target}.`,
      command: sshLine(ground, host, (fleet.switch[target] ?? []).map(plainWord).join(' ')),
      expects: { kind: 'no-error' },
      onlyOtherwise: true,
    };
    const off = fleet.maintenance?.off;
    return [
      verify,
      change,
      { ...verify, says: 'Verify it.', otherwise: 'Go on with the other hosts; mend this one afterwards.' },
      ...(off === undefined || redirected
        ? []
        : [
            {
              where: host,
              says: `Maintenance mode of ${fleet.id} off.`,
              command: sshLine(ground, host, off.map(plainWord).join(' ')),
              expects: { kind: 'no-error' },
            } as const,
          ]),
    ];
  });
  if (lines.length === 0) return [];
  return [
    { title: 'Switch the application hosts', text: ['Only when every chain they use is open.'], lines },
  ];
}
