import type { Chain } from '../plan/plan.ts';
import { keptClosedStatement } from '../sessions/dialect-by-hand.ts';
import { unpersistFenceStatements } from '../sessions/dialect-effects.ts';
import { moveLinkStatement, startLinkStatements } from '../sessions/dialect-links.ts';
import { plainPath } from '../lib/shell-words.ts';
import { instanceOf } from '../steps/need.ts';
import { ringPlace, type Ring } from '../steps/restore.ts';
import { itemLines } from './sheet-back.ts';
import { dialectAt, mastersOf } from './sheet-common.ts';
import { mysqlLine, sshLine } from './sheet-reach.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';
import { runsLine } from './sheet-way-back.ts';

/** Makes the promoted side what it was before it was ever left: none of it is due before it takes writes. */
export function restoreSections(ground: SheetGround, chain: Chain): readonly SheetSection[] {
  if (ground.run.steps[`restore:${chain.id}`]?.state === 'done') return [];
  const { restore } = chain.target;
  const lines = [
    ...mastersOf(chain, 'target').flatMap((node) => startsOpenLines(ground, node)),
    ...(restore?.eventSchedulers ?? []).flatMap((instance) =>
      itemLines(ground, { kind: 'scheduler-on', instance }),
    ),
    ...(restore?.lockedAccounts ?? []).flatMap((locked) =>
      itemLines(ground, { kind: 'unlock-accounts', ...locked }),
    ),
    ...(restore?.ring === undefined ? [] : ringLines(ground, chain, restore.ring)),
  ];
  if (lines.length === 0) return [];
  return [
    {
      title: `${chain.id}: set back at the target what a fence of an earlier run left there`,
      text: ['Only when it takes writes. The application does not wait for it; its next restart does.'],
      lines,
    },
  ];
}

function startsOpenLines(ground: SheetGround, node: string): readonly SheetLine[] {
  const dialect = dialectAt(ground, node);
  const statements = unpersistFenceStatements(dialect);
  const forgotten: readonly SheetLine[] =
    statements.length === 0
      ? []
      : [
          {
            where: node,
            says: 'Let it forget a fence that it would keep over a restart; then read back.',
            command: mysqlLine(ground, node, [...statements, keptClosedStatement]),
            expects: { kind: 'columns', columns: { kept_closed: '0' } },
            otherwise: 'It would come back closed after a restart, and nobody could write then.',
          },
        ];
  const { host, fenceDropIn } = instanceOf(ground.plan, node);
  if (fenceDropIn === undefined) return forgotten;
  const file = plainPath(fenceDropIn);
  return [
    ...forgotten,
    {
      where: host,
      says: `Remove the file that would close ${node} at its next start.`,
      command: sshLine(ground, host, `rm -f -- ${file}; [ -e ${file} ] || echo gone`),
      expects: { kind: 'answer', text: 'gone' },
      otherwise: 'It would come back closed after a restart, and nobody could write then.',
    },
  ];
}

/** From where it was proven: left to itself the link would apply once more what came round by the other side since. */
function ringLines(ground: SheetGround, chain: Chain, ring: Ring): readonly SheetLine[] {
  const { instance, from, channel } = ring;
  const key = `restore:${chain.id}`;
  const attempt = (ground.run.steps[key]?.attempt ?? 1) + 1;
  const place = ringPlace({ run: ground.run, key, attempt }, chain, ring);
  const dialect = dialectAt(ground, instance);
  const runs = runsLine(ground, [instance, channel]);
  const moved = chain.gtid === 'off' && typeof place === 'object' && place !== null;
  const begin = moved || typeof place === 'string' || place === null ? {} : { from: place };
  const asked: SheetLine = {
    ...runs,
    says: `Does ${instance} follow ${from} again (the ring)?`,
    otherwise: 'Send the next line.',
  };
  if (typeof place === 'string')
    return [
      {
        ...asked,
        otherwise: `Leave the ring open, and call whoever knows it: ${place}. Both servers hold every write.`,
      },
    ];
  return [
    asked,
    {
      where: instance,
      says: 'Let it follow its co-master again, from where that was proven. Only when no link from the other side is left here.',
      command: mysqlLine(ground, instance, [
        ...(moved ? [moveLinkStatement(dialect, channel, place)] : []),
        ...startLinkStatements(dialect, { channel, account: null, ...begin }),
      ]),
      expects: { kind: 'no-error' },
      onlyOtherwise: true,
    },
    { ...runs, repeat: true },
  ];
}
