import { isEffect } from '../../main/engine/perform.ts';
import type { RecordRule } from './scene.ts';

function intends(record: Parameters<RecordRule['check']>[1], operation: string): string | null {
  const found = record.intended.find(
    ({ action }) => action.kind === 'mysql' && action.operation === operation,
  );
  return found?.key ?? null;
}

/** Rules that each new record of the journal must keep, given all that came before it. */
export const journalRules: readonly RecordRule[] = [
  {
    name: 'answerHasIntent',
    law: 'I5',
    check: ({ intended }, { event }) =>
      event.kind === 'answered' && !intended.has(event.key)
        ? `${event.key} is answered, and no record before intends it`
        : null,
  },
  {
    name: 'intendedOnce',
    law: 'R19',
    check: ({ intended }, record) => {
      const again = record.intended.find(({ key }) => intended.has(key));
      return again === undefined ? null : `${again.key} is intended a second time`;
    },
  },
  {
    name: 'onePointOfNoReturn',
    law: 'I4',
    check: ({ ponrSeq }, { pointOfNoReturn }) =>
      pointOfNoReturn && ponrSeq !== null ? 'a second point of no return is recorded' : null,
  },
  {
    name: 'promoteBehindPointOfNoReturn',
    law: 'I4',
    check: ({ ponrSeq }, record) => {
      const promote = intends(record, 'promote');
      return promote !== null && ponrSeq === null && !record.pointOfNoReturn
        ? `${promote} is intended before the point of no return is recorded`
        : null;
    },
  },
  {
    name: 'noThawBehindPointOfNoReturn',
    law: 'I4',
    check: ({ ponrSeq }, record) => {
      const thaw = intends(record, 'thaw');
      return thaw !== null && ponrSeq !== null ? `${thaw} is intended behind the point of no return` : null;
    },
  },
  {
    name: 'noFenceAfterThaw',
    law: 'I3',
    check: ({ thawIntended, ponrSeq }, record) => {
      const fence = intends(record, 'fence');
      const thaws = thawIntended || intends(record, 'thaw') !== null;
      return fence !== null && thaws && ponrSeq === null
        ? `${fence} is intended although the run is being taken back`
        : null;
    },
  },
  {
    name: 'boundOnEveryCommand',
    law: 'I10',
    check: (_scene, { intended }) => {
      const endless = intended.find(({ limitMs }) => !(limitMs > 0 && limitMs <= 300_000));
      return endless === undefined ? null : `${endless.key} has the limit ${endless.limitMs} ms`;
    },
  },
  {
    name: 'undoListedWithEffect',
    law: 'I3',
    check: (_scene, { intended }) => {
      const bare = intended.find(
        ({ action, undo }) =>
          action.kind === 'mysql' &&
          (action.operation === 'fence' || action.operation === 'configureLink') &&
          isEffect(action) &&
          undo === undefined,
      );
      return bare === undefined || bare.key.startsWith('watchdog') ? null : `${bare.key} has no undo`;
    },
  },
];
