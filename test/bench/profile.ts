import type { JournalRecord } from '../../shared/audit/record.ts';
import type { CockpitSwitch } from './switches.ts';
import { entriesOf } from '../../shared/steps/ledger.ts';

/** Where the time of a cockpit's switch went, from its own journal: each step, and each command in it. */
export function describeProfile({ seen, run, journal }: CockpitSwitch): string {
  const fence = Object.values(run.steps).find(({ step }) => step === 'fence')?.startedAt?.monoMs ?? 0;
  const at = (ms: number | undefined): string =>
    (ms === undefined ? '-' : (ms - fence).toFixed(1)).padStart(8);
  const steps = Object.values(run.steps)
    .filter(({ startedAt, state }) => startedAt !== null && state !== 'absent')
    .map(({ key, startedAt, endedAt }) => `${at(startedAt?.monoMs)} ${at(endedAt?.monoMs)}  ${key}`);
  const commands = entriesOf(run.commands).map(
    ({ command, issuedAt, answeredAt, answer }) =>
      `${at(issuedAt.monoMs)} ${at(answeredAt?.monoMs)} ${(answer?.tookMs ?? 0).toFixed(1).padStart(7)}  ${command.key}`,
  );
  return [
    `freeze ${seen.map(({ freezeMs }) => freezeMs.toFixed(1)).join(', ')} ms`,
    '   start      end  step (ms since the fence began)',
    ...steps,
    '  issued answered    took  command',
    ...commands,
    `${journal.length} records, ${bytesOf(journal)} bytes`,
  ].join('\n');
}

function bytesOf(journal: readonly JournalRecord[]): number {
  return journal.reduce((sum, record) => sum + JSON.stringify(record).length, 0);
}
