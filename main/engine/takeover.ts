import { foldRun } from '../../shared/audit/fold.ts';
import { verificationText } from '../../shared/audit/verify.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Driver, EpochMark } from '../../shared/steps/driver.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { SshChannel } from '../ports.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import { compareMirror, journalText, readMirror, verifyMirror } from './mirror-read.ts';

const partMs = 5_000;
const epochMs = 5_000;

/** The newest journal of a run that another cockpit drives, and who drives it from here. */
export type Taken = { readonly text: string; readonly driver: Driver; readonly from: string };

/** Where the mirror's epoch is kept, beside the file. */
export function mirrorEpoch(driver: Driver, file: string): EpochMark {
  return { ...driver, file: file.replace(/\.jsonl$/, '.epoch') };
}

/** Where a takeover finds the run, and how it looks before it takes anything. */
export type Taking = {
  readonly file: string;
  readonly here: string | null;
  readonly name: string;
  /** A refusal leaves whoever drives as he was: nothing of his was touched. */
  readonly look: (run: Run) => Promise<Result<unknown, string>>;
};

/**
 * Fetches the newest journal of a run from its mirror: reads it, has everything looked at, and only then takes the higher
 * epoch there. The file is read once more after that: the cockpit before cannot add to it any more, so that what is read is
 * all it will ever have said there.
 */
export async function takeMirror(
  channel: SshChannel,
  { file, here, name, look }: Taking,
): Promise<Result<Taken, string>> {
  const where = `${file} on ${channel.host}`;
  const before = await readWhole(channel, [file, where], here);
  if (!before.ok) return before;
  const over = whyOver(before.value.run);
  if (over !== null) return failed(`Run ${before.value.run.id} cannot be taken over: ${over}.`);
  const looked = await look(before.value.run);
  if (!looked.ok) return looked;
  const known = await newestEpoch(channel, mirrorEpoch(before.value.run.driver, file).file);
  const epoch = Math.max(before.value.run.driver.epoch, known) + 1;
  const driver = { epoch, who: name };
  const taken = await channel.epoch(mirrorEpoch(driver, file), 'take', epochMs);
  if (taken.kind !== 'ok')
    return failed(
      `The epoch of this run could not be taken on ${channel.host}: ${taken.message}. Nothing was changed anywhere; look who drives, then try again.`,
    );
  const after = await readWhole(channel, [file, where], here);
  if (!after.ok) return after;
  return ok({ text: after.value.text, driver, from: after.value.run.driver.who });
}

/** The journal of this laptop, unless its cockpit was ousted: what it wrote after that is no part of the run, so the mirror's counts. */
export function ownPart(records: readonly JournalRecord[]): string | null {
  const folded = foldRun(records);
  return folded.ok && folded.value.run.outcome === 'ousted' ? null : journalText(records);
}

/** The newest epoch that a host keeps; 0 where there is none. */
async function newestEpoch(channel: SshChannel, file: string): Promise<number> {
  const part = await channel.readFile(file, 0, epochMs);
  const text = part.kind === 'ok' && part.value !== null ? part.value.text : '';
  return Math.max(0, ...[...text.matchAll(/^(\d+) /gm)].map(([, number]) => Number(number)));
}

/** Which of the two journals is the newer one, folded; refused where either is damaged or the two are of different minds. */
async function readWhole(
  channel: SshChannel,
  [file, where]: readonly [string, string],
  here: string | null,
): Promise<Result<{ readonly text: string; readonly run: Run }, string>> {
  const read = await readMirror(channel, file, partMs);
  if (!read.ok) return failed(`${where} cannot be read: ${read.error}`);
  if (read.value === null && here === null)
    return failed(`There is no ${where}: expected the journal's mirror.`);
  const verified = verifyMirror(read.value?.text ?? '');
  if (!verified.ok) return failed(`${where} is ${verificationText(verified, null).text}. Nothing was begun.`);
  const mirror = (read.value?.text ?? '').slice(0, verified.value.length);
  const newer = here === null ? mirror : newerOf(here, mirror);
  if (newer === null)
    return failed(
      `${where} and the journal of this run on this laptop say different things behind the same record; expected one to continue the other. Nothing was begun: two cockpits have driven it, look at both.`,
    );
  const lines = newer === mirror ? verified : verifyMirror(newer);
  if (!lines.ok)
    return failed(`The journal here is ${verificationText(lines, null).text}. Nothing was begun.`);
  const folded = foldRun(lines.value.records);
  return folded.ok ? ok({ text: newer, run: folded.value.run }) : failed(`${where}: ${folded.error}`);
}

function newerOf(here: string, mirror: string): string | null {
  const { kind } = compareMirror(here, mirror);
  if (kind === 'behind') return here;
  return kind === 'ahead' ? mirror : null;
}
