import type { DropInSeen, FileSeen } from '../../shared/observations/file-seen.ts';
import { known, unknown, type Observation } from '../../shared/observations/observation.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import { folderOf, thereArgv, writableArgv } from '../../shared/steps/file-looks.ts';
import type { SshChannel } from '../ports.ts';

const fileLimitMs = 5_000;

/** Looks at one file and its folder, by the login that will write there. */
export async function lookAtFile(channel: SshChannel, path: string): Promise<Observation<FileSeen>> {
  const there = await channel.run(thereArgv(path), fileLimitMs);
  const writable = await channel.run(writableArgv(path), fileLimitMs);
  const seen = { there: saysYes(there), writable: saysYes(writable) };
  return seenAs(channel.host, [there, writable], seen);
}

/** Looks at the drop-in of every instance on one host; none: the plan has none there. */
export async function lookAtDropIns(
  { instances }: Plan,
  channel: SshChannel,
): Promise<Readonly<Record<string, Observation<DropInSeen>>>> {
  const seen: Record<string, Observation<DropInSeen>> = {};
  for (const { id, fenceDropIn, host } of instances) {
    if (host !== channel.host || fenceDropIn === undefined) continue;
    seen[id] = await lookAtDropIn(channel, fenceDropIn);
  }
  return seen;
}

async function lookAtDropIn(channel: SshChannel, path: string): Promise<Observation<DropInSeen>> {
  const file = await lookAtFile(channel, path);
  if (file.kind === 'unknown') return file;
  // A folder that takes files is there.
  if (file.value.writable) return { ...file, value: { ...file.value, folder: true } };
  const folder = await channel.run(thereArgv(folderOf(path)), fileLimitMs);
  return seenAs(channel.host, [folder], { ...file.value, folder: saysYes(folder) });
}

function saysYes({ kind }: Answer<unknown>): boolean {
  return kind === 'ok';
}

/** Exit status 1 is an answer; anything else that is no success says nothing. */
function seenAs<T>(host: string, answers: readonly Answer<unknown>[], value: T): Observation<T> {
  for (const answer of answers)
    if (answer.kind === 'none' || (answer.kind === 'refused' && answer.code !== 1))
      return unknown(answer.message, answer.takenAt, host);
  return known(value, Math.min(...answers.map(({ takenAt }) => takenAt)), `test on ${host}`);
}
