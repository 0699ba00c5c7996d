import { sha256 } from '../lib/sha256.ts';
import { present } from '../lib/assert.ts';
import type { FlipFile, PlannedFlip } from '../plan/plan-flip.ts';
import { afterFlipFailure, controlsReady, flipControls } from './flip-controls.ts';
import { planesOf } from './flip-planes.ts';
import {
  done,
  failure,
  lookLater,
  needs,
  newestAsked,
  trouble,
  type Judged,
  type Needs,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { waitingTogether } from './waiting-together.ts';

/** The flip's own: an application's switch command that hangs on the same host must not hold up DNS. */
const way = 'flip';
/** How often a file whose writing was not answered is looked at until the host says what is there, ms. */
const lookAgainMs = 500;

/**
 * Turns the health checks by what their endpoints answer: the target's files are put in place and read back first, then
 * the source's are taken away. So at no moment is every endpoint unhealthy, which Route 53 would take for every one healthy.
 * Done when each host says that the files are as the target wants them; when Route 53 follows is watched.
 */
export const flip: StepFunction = (context) => {
  const { dns } = context.plan;
  if (dns?.flip === undefined) return { kind: 'absent', text: 'The plan has no data-plane flip.' };
  const planned = dns.flip;
  const need = needs(context);
  if (planned.cluster !== undefined)
    return flipControls(need, context, { dns, flip: planned, cluster: planned.cluster });
  const placed = placeAll({ need, context, planned }, 'target');
  if (placed.kind === 'waiting') return need.waiting(placed.text, placed.wakeAtMonoMs);
  // What cannot be put in place leaves the source's answer standing: both out at once would be worse.
  const taken = placed.kind === 'failed' ? placed : placeAll({ need, context, planned }, 'source');
  if (taken.kind === 'waiting') return need.waiting(taken.text, taken.wakeAtMonoMs);
  if (taken.kind === 'failed')
    return failure(`${taken.text} ${afterFlipFailure(planned, 'writes and reads each file once more')}`);
  const [plane] = planesOf(dns);
  return done(
    `The files of ${planned.files.length === 1 ? 'the endpoint are' : `${planned.files.length} endpoints are`} as the target wants them, each read back. By the ${present(plane, 'the plane of the flip').says}.`,
  );
};

type Ground = { readonly need: Needs; readonly context: StepContext; readonly planned: PlannedFlip };

/** The files that stand for one side, as they are once the target serves: the target's are there, the source's are not. */
function placeAll(ground: Ground, side: FlipFile['standsFor']): Judged {
  const { planned } = ground;
  const seen = planned.files.flatMap((file, index) =>
    file.standsFor === side ? [place(ground, file, index)] : [],
  );
  const waiting = waitingTogether(seen);
  if (waiting !== null) return waiting;
  const failed = seen.filter(({ kind }) => kind === 'failed');
  if (failed.length > 0)
    return {
      kind: 'failed',
      text: `${failed.length} of ${seen.length} files that stand for the ${side} are not as the target wants them: ${failed.map(({ text }) => text).join('; ')}.`,
    };
  return { kind: 'done', text: '' };
}

/** Written once in an attempt, a later one of which looks first; a reply that is missing is settled by looking, never by writing again. */
function place({ need, context, planned }: Ground, file: FlipFile, index: number): Judged {
  const { host, path, standsFor } = file;
  const content = standsFor === 'target' ? planned.content : null;
  const what = content === null ? `${path} to be gone from ${host}` : `${path} to be on ${host}`;
  // Of the step's time a quarter for each of the two rounds: what is not answered has to be looked at within it, too.
  const limitMs = Math.floor(context.plan.limits.redirectMs / 4);
  const wanted = content === null ? null : sha256(content);
  // An earlier attempt may have written it, or the cockpit that is gone.
  const before = context.attempt > 1 ? lookAt(need, [`before${index}`, file], wanted) : 'not so';
  if (before === undefined) return { kind: 'waiting', text: `${host} to say what is at ${path}` };
  if (before === 'so') return { kind: 'done', text: '' };
  const written = need.sshFile(`file${index}`, [host, path, () => content], { limitMs, way });
  if (written === undefined) return { kind: 'waiting', text: what };
  if (written.kind === 'ok')
    return written.value.sha256 === wanted
      ? { kind: 'done', text: '' }
      : { kind: 'failed', text: `${host} read back ${path} as something else; expected ${what}` };
  if (written.kind === 'refused' || written.why === 'not-connected')
    return { kind: 'failed', text: trouble(host, `writing ${path}`, written) };
  for (let look = newestAsked(context, (each) => `look${index}.${each}@${host}`); ; look += 1) {
    const seen = lookAt(need, [`look${index}.${look}`, file], wanted);
    if (seen === undefined) return { kind: 'waiting', text: `${what}: it did not answer, and is looked at` };
    if (seen === 'so') return { kind: 'done', text: '' };
    if (seen === 'not so')
      return {
        kind: 'failed',
        text: `${trouble(host, `writing ${path}`, written)}; looked at since, it is not so`,
      };
    const later = lookLater(context, `look${index}.${look}@${host}`, lookAgainMs);
    if (later !== null)
      return { kind: 'waiting', text: `${host} to say what is at ${path}`, wakeAtMonoMs: later };
  }
}

/** Whether a file is there with that content, or is not there (null). */
function lookAt(
  need: Needs,
  [name, { host, path }]: readonly [string, Pick<FlipFile, 'host' | 'path'>],
  wanted: string | null,
): 'so' | 'not so' | 'unknown' | undefined {
  const argv = wanted === null ? ['test', '!', '-e', path] : ['sha256sum', path];
  const answer = need.ssh(name, [host, argv], { effect: false, way });
  if (answer === undefined) return undefined;
  if (answer.kind === 'refused') return answer.code === 1 ? 'not so' : 'unknown';
  if (answer.kind === 'none') return 'unknown';
  return wanted === null || answer.value.stdout.startsWith(`${wanted} `) ? 'so' : 'not so';
}

/**
 * Before the fence: the files stand as the plan says that they do while the source serves, and every host says so. What is
 * otherwise would turn nothing, or has been turned already.
 */
export function flipReady(need: Needs, context: StepContext): Judged {
  const { plan } = context;
  const cluster = plan.dns?.flip?.cluster;
  if (cluster !== undefined) return controlsReady(need, context, cluster);
  const files = plan.dns?.flip?.files ?? [];
  const waiting: string[] = [];
  for (const [index, { host, path, standsFor }] of files.entries()) {
    const argv = standsFor === 'source' ? ['test', '-e', path] : ['test', '!', '-e', path];
    const seen = need.ssh(`flip${index}`, [host, argv], { effect: false, way });
    if (seen === undefined) {
      waiting.push(`${host} to say whether ${path} is there`);
      continue;
    }
    if (seen.kind === 'refused' && seen.code === 1)
      return {
        kind: 'failed',
        text: `${host}: ${path} is ${standsFor === 'source' ? 'not there' : 'there already'}, expected it ${standsFor === 'source' ? 'there' : 'absent'} while the source serves: the flip would turn nothing. Put it right, or the plan`,
      };
    if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(host, `looking for ${path}`, seen) };
  }
  if (waiting.length > 0) return { kind: 'waiting', text: waiting.join(', ') };
  return {
    kind: 'done',
    text: files.length === 0 ? '' : ` The flip's ${files.length} files are as planned.`,
  };
}
