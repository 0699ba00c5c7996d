import { assert, present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import { eventDefinerStatement, showLinkStatement } from '../sessions/dialect-by-hand.ts';
import { enableEventStatement } from '../sessions/dialect-effects.ts';
import { startLinkStatements } from '../sessions/dialect-links.ts';
import { linkFacts } from '../sessions/links-of-plan.ts';
import type { Position } from '../sessions/operations.ts';
import { statementWord } from '../lib/shell-words.ts';
import { provenTarget } from '../steps/prove.ts';
import { reverseChannelOf, reverseEnds } from '../plan/reverse-ends.ts';
import { dialectAt, identityLine, mastersOf } from './sheet-common.ts';
import { credentialText, mysqlLine, mysqlTo } from './sheet-reach.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';
import { entriesOf } from '../steps/ledger.ts';

/** What stands in a statement until it is a shell word: the shell puts in what the person typed. */
const typedUser = 'TYPED_USER';
const typedPassword = 'TYPED_PASSWORD';
const definerUser = 'DEFINER_USER';
const definerHost = 'DEFINER_HOST';

/** Starts the reverse link of a chain: the source follows the target, so that there is a way back. */
export function reverseSections(ground: SheetGround, chain: Chain): readonly SheetSection[] {
  if (chain.wayBack !== 'reverse') return [];
  const { receiver, from } = reverseEnds(chain);
  const runs = runsLine(ground, [receiver, reverseChannelOf(chain)]);
  return [
    {
      title: `${chain.id}: let the source follow the target (the way back)`,
      text: [
        `${receiver} follows ${from}, as a closed server. The application does not need it tonight; a way back does.`,
        'A password is typed when it is asked for, and stands nowhere. One that holds a quote or a backslash is typed with that sign doubled.',
      ],
      lines: [
        identityLine(ground, receiver, {
          columns: { read_only: '1' },
          otherwise: 'An open source must be closed first, see above.',
        }),
        { ...runs, says: 'Does the reverse link run already?', otherwise: 'Send the next lines.' },
        ...startLines(ground, chain),
        { ...runs, repeat: true },
      ],
    },
  ];
}

/** Whether a link runs, both its threads. */
export function runsLine(
  ground: SheetGround,
  [receiver, channel]: readonly [receiver: string, channel: string],
): SheetLine {
  const dialect = dialectAt(ground, receiver);
  const word = dialect.columns === 'source' ? 'Replica' : 'Slave';
  return {
    where: receiver,
    says: 'See it run.',
    command: mysqlLine(ground, receiver, [showLinkStatement(dialect, channel)]),
    expects: { kind: 'columns', columns: { [`${word}_IO_Running`]: 'Yes', [`${word}_SQL_Running`]: 'Yes' } },
    otherwise:
      'Last_IO_Error and Last_SQL_Error say why. The application goes on without it; there is no way back until it runs.',
  };
}

function startLines(ground: SheetGround, chain: Chain): readonly SheetLine[] {
  const { receiver } = reverseEnds(chain);
  const channel = reverseChannelOf(chain);
  const account = { chain: chain.id, direction: 'reverse' } as const;
  const credential = present(
    linkFacts(ground.plan, receiver).startsWith({ channel, account }),
    `the reverse account of ${chain.id}`,
  );
  const from = beginning(ground, chain);
  const user = 'user' in credential ? credential.user : typedUser;
  const statements = startLinkStatements(dialectAt(ground, receiver), {
    channel,
    account: { user, password: typedPassword },
    ...(from === null ? {} : { from }),
  });
  const typed = typedWord(`${statements.join('; ')};`, [
    [typedUser, '$REVERSE_USER'],
    [typedPassword, '$REVERSE_PASSWORD'],
  ]);
  const ask = `the reverse replication account of ${chain.id} (the plan: ${credentialText(credential)})`;
  return [
    ...(user === typedUser
      ? [
          {
            where: 'here',
            says: `Type the user name of ${ask}.`,
            command: "printf 'user: '; read -r REVERSE_USER",
            expects: { kind: 'no-error' },
            onlyOtherwise: true,
          } as const,
        ]
      : []),
    {
      where: 'here',
      says: `Type the password of ${ask}.`,
      command:
        "printf 'password: '; stty -echo 2>/dev/null; read -r REVERSE_PASSWORD; stty echo 2>/dev/null; echo",
      expects: { kind: 'no-error' },
      onlyOtherwise: true,
    },
    {
      where: receiver,
      says: 'Start it. The statements travel by a pipe, so that no list of processes shows the password.',
      command: `printf '%s\\n' ${typed} | ${mysqlTo(ground.plan, receiver)}`,
      expects: { kind: 'no-error' },
      onlyOtherwise: true,
    },
  ];
}

/** A statement as a shell word in which the shell itself fills in what was typed. */
function typedWord(sql: string, variables: readonly (readonly [mark: string, variable: string])[]): string {
  const word = statementWord(sql);
  assert(word.startsWith('"'), 'A statement that the shell fills in stands in double quotes.');
  return variables.reduce((text, [mark, variable]) => text.replaceAll(mark, variable), word);
}

/** Where a link by GTID begins; null where it knows that by itself, or a start may have taken effect already. */
function beginning({ run }: SheetGround, chain: Chain): Position | null {
  const begun = entriesOf(run.commands).some(
    ({ step, command: { action }, answer }) =>
      step === `reverse:${chain.id}` &&
      action.kind === 'mysql' &&
      action.operation === 'startLink' &&
      !(answer?.kind === 'refused' || (answer?.kind === 'none' && answer.why === 'not-connected')),
  );
  if (chain.gtid === 'off' || begun) return null;
  return provenTarget(run, chain, reverseEnds(chain).from)?.position ?? null;
}

/** Switches the plan's events on at the target, each with the definer it has. */
export function eventSections(ground: SheetGround, chain: Chain): readonly SheetSection[] {
  const [node] = mastersOf(chain, 'target');
  if (
    chain.events.length === 0 ||
    node === undefined ||
    ground.run.steps[`events:${chain.id}`]?.state === 'done'
  )
    return [];
  const to = mysqlTo(ground.plan, node);
  const lines = chain.events.map((event): SheetLine => {
    const [schema = '', name = ''] = event.split('.');
    const enable = typedWord(
      enableEventStatement({ schema, name, definer: `${definerUser}@${definerHost}` }),
      [
        [definerUser, '${DEFINER%@*}'],
        [definerHost, '${DEFINER##*@}'],
      ],
    );
    return {
      where: node,
      says: `Switch ${event} on, as its own definer.`,
      command: `DEFINER="$(${to} -N -B -e ${statementWord(eventDefinerStatement(schema, name))})"; ${to} -e ${enable}`,
      expects: { kind: 'no-error' },
    };
  });
  return [
    { title: `${chain.id}: switch the events on at the target`, text: ['Only when it takes writes.'], lines },
  ];
}
