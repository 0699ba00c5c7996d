import type { RecordSet } from '../observations/record-set.ts';
import type { Answer } from '../sessions/session.ts';
import type { ZoneChange } from '../sessions/zone-answers.ts';
import { overwritingBatch, type ChangeBatch } from './change-batch.ts';
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
import { mayOverwrite } from './overwrite.ts';
import { changeComment, standingOf, touchedNames, type PreparedZone } from './prepared-zone.ts';

/** One call to Route 53 may take this long, ms: its control plane is slower than any server of the plan. */
const callLimitMs = 5_000;
/** A change that certainly did not happen is sent again after so long, doubled each time up to the longest. */
const firstPauseMs = 250;
const longestPauseMs = 4_000;
const mostSends = 20;
/** How often an accepted change is looked for until it is seen, ms. */
const lookAgainMs = 1_000;
/** After a reply was lost the zone is listed so often: what was on its way may arrive behind the first look. */
const looksAfterLoss = 3;

/**
 * One exact batch for each zone, all at once. It is sent again by itself only where Route 53 says that nothing happened;
 * a reply that was lost is settled by listing the touched names. Done when Route 53 itself knows the change: INSYNC comes
 * up to a minute later, is watched, and holds nobody up.
 */
export const announce: StepFunction = (context) => {
  const { plan, run } = context;
  if (plan.dns === undefined) return { kind: 'absent', text: 'The plan names no DNS records.' };
  if (run.zones === null)
    return {
      kind: 'absent',
      text: `Nothing was prepared for Route 53 when this run began: ${plan.dns.records.length} records of the plan are to be changed by hand.`,
    };
  if (plan.dns.flip?.batch === 'plan-b' && !run.batchAsked)
    return {
      kind: 'absent',
      text: 'The flip announces; the change batch is plan B, and sent only when a person presses for it.',
    };
  const need = needs(context);
  const seen = run.zones.map((zone) => announceZone({ need, context }, zone));
  const waiting = waitingTogether(seen);
  if (waiting !== null) return need.waiting(waiting.text, waiting.wakeAtMonoMs);
  const failed = seen.filter(({ kind }) => kind === 'failed');
  if (failed.length > 0) return failure(failed.map(({ text }) => text).join(' '));
  return done(seen.length === 0 ? 'Nothing in Route 53 changes.' : seen.map(({ text }) => text).join(' '));
};

type Ground = { readonly need: Needs; readonly context: StepContext };

/** A first attempt sends what was prepared; every later one looks first, because an earlier one may have happened. */
function announceZone(ground: Ground, prepared: PreparedZone): Judged {
  const { zone, batch } = prepared;
  if (batch.changes.length === 0) return finished(`Zone ${zone} stays as it is.`);
  if (ground.context.attempt === 1) return send(ground, prepared, batch);
  const listed = list(ground, prepared, { name: 'before', looks: 1 });
  if ('kind' in listed) return listed;
  const standing = standingOf(prepared, listed.sets);
  switch (standing.kind) {
    case 'after':
      return finished(`Zone ${zone} holds what the plan calls after: it had been changed already.`);
    case 'before':
      return send(ground, prepared, batch);
    case 'other':
      return mayOverwrite(ground.context, prepared, listed.sets)
        ? send(ground, prepared, overwritingBatch(prepared.entries, listed.sets))
        : differs(zone, standing.differences);
  }
}

/** Sends the batch until it is taken or refused for good. */
function send(ground: Ground, prepared: PreparedZone, batch: ChangeBatch): Judged {
  const { need, context } = ground;
  const { zone } = prepared;
  const comment = changeComment(context.run.id);
  for (let sent = newestAsked(context, (each) => `change${each}@${zone}`); ; sent += 1) {
    const answer = need.zone(
      `change${sent}`,
      { kind: 'zone', zone, ask: 'change', batch, comment },
      { limitMs: callLimitMs },
    );
    if (answer === undefined) return waiting(`Route 53 to take the change of zone ${zone}`);
    if (answer.kind === 'ok') return seeTaken(ground, prepared, answer.value);
    if (!saysNothingHappened(answer)) return settle(ground, prepared, answer);
    if (sent + 1 >= mostSends)
      return failed(
        `${troubleOf(zone, 'the change', answer)}, ${mostSends} times. Nothing was changed; wait for Route 53, then press Retry.`,
      );
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** sent);
    const later = lookLater(context, `change${sent}@${zone}`, pauseMs);
    if (later !== null)
      return waiting(
        `Route 53 to take the change of zone ${zone}: it said ${answer.refusal}, so nothing happened and it is sent again`,
        later,
      );
  }
}

function saysNothingHappened(
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
): answer is Extract<Answer<unknown>, { kind: 'refused' }> {
  return answer.kind === 'refused' && (answer.refusal === 'throttled' || answer.refusal === 'prior-request');
}

/** The reply alone does not end the step: Route 53 is asked for the change that it says it took. */
function seeTaken(ground: Ground, prepared: PreparedZone, taken: ZoneChange): Judged {
  const { need, context } = ground;
  const { zone } = prepared;
  const { changeId } = taken;
  for (let look = newestAsked(context, (each) => `state${each}@${zone}`); ; look += 1) {
    const answer = need.zone(
      `state${look}`,
      { kind: 'zone', zone, ask: 'changeState', changeId },
      { limitMs: callLimitMs },
    );
    const what = `change ${changeId} of zone ${zone} to be seen in Route 53`;
    if (answer === undefined) return waiting(what);
    if (answer.kind === 'ok')
      return finished(`Route 53 has taken the change of zone ${zone}: ${changeId}, ${answer.value.state}.`);
    if (answer.kind === 'refused' && answer.refusal === 'no-such-change')
      return settle(ground, prepared, answer);
    if (answer.kind === 'refused' && answer.refusal === 'credentials')
      return failed(
        `Route 53 took the change of zone ${zone} as ${changeId}, and then no longer let it be looked at: ${answer.message}. Log in again, then press Retry: it looks before it does anything.`,
      );
    const later = lookLater(context, `state${look}@${zone}`, lookAgainMs);
    if (later !== null) return waiting(what, later);
  }
}

/** Whether it happened is not known, or Route 53 says that it does not fit: the touched names are listed, and they decide. */
function settle(
  ground: Ground,
  prepared: PreparedZone,
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
): Judged {
  const { zone } = prepared;
  const what = troubleOf(zone, 'the change', answer);
  if (answer.kind === 'none' && answer.why === 'not-connected')
    return failed(`${what}. Press Retry: nothing was sent, and the connection is opened again.`);
  if (answer.kind === 'refused' && (answer.refusal === 'credentials' || answer.refusal === 'no-such-zone'))
    return failed(`${what}. Nothing was changed. Log in again, or mend the right, then press Retry.`);
  const wasRejected = answer.kind === 'refused' && answer.refusal === 'rejected';
  const listed = list(ground, prepared, {
    name: 'after',
    looks: wasRejected ? 1 : looksAfterLoss,
  });
  if ('kind' in listed) return listed.kind === 'failed' ? failed(`${what}; and ${listed.text}`) : listed;
  const standing = standingOf(prepared, listed.sets);
  switch (standing.kind) {
    case 'after':
      return finished(`Zone ${zone} holds what the plan calls after, although ${what}.`);
    case 'before':
      return failed(
        wasRejected
          ? `${what}. The zone holds what the plan calls before: mend what Route 53 names, then press Retry.`
          : `${what}. The zone was listed ${looksAfterLoss} times and holds what the plan calls before: it has not happened. Press Retry: the same exact batch is sent once more, and Route 53 refuses it should the first one still arrive.`,
      );
    case 'other':
      return differs(zone, standing.differences);
  }
}

function differs(zone: string, differences: readonly string[]): Judged {
  return failed(
    `Zone ${zone} is neither what the plan calls before nor after, so nothing was changed: ${differences.join('; ')}. Put it back and press Retry, or overwrite it.`,
  );
}

/** The touched names as Route 53 lists them; a listing that brings nothing is only repeated where Route 53 asks for it. */
function list(
  { need, context }: Ground,
  prepared: PreparedZone,
  { name, looks }: { readonly name: 'before' | 'after'; readonly looks: number },
): Judged | { readonly sets: readonly RecordSet[] } {
  const { zone } = prepared;
  const what = `zone ${zone} to be listed: what it holds for the ${touchedNames(prepared).length} names of the plan`;
  let answered = 0;
  for (let look = 0; ; look += 1) {
    const answer = need.zone(
      `${name}${look}`,
      { kind: 'zone', zone, ask: 'listNames', names: touchedNames(prepared) },
      { limitMs: callLimitMs },
    );
    if (answer === undefined) return waiting(what);
    if (answer.kind === 'ok') {
      answered += 1;
      if (answered >= looks || standingOf(prepared, answer.value).kind !== 'before')
        return { sets: answer.value };
    } else if (!saysNothingHappened(answer) || look + 1 >= mostSends)
      return failed(
        `${troubleOf(zone, 'listing its names', answer)}. Whether it was changed is unknown; press Retry once Route 53 answers: it looks before it does anything.`,
      );
    const later = lookLater(context, `${name}${look}@${zone}`, lookAgainMs);
    if (later !== null) return waiting(what, later);
  }
}

/** What went wrong, as the beginning of a sentence: where no connection was made there was no session to lose. */
function troubleOf(zone: string, what: string, answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  const text =
    answer.kind === 'none' && answer.why === 'not-connected'
      ? `zone ${zone} could not be asked for ${what}: ${answer.message}`
      : trouble(`zone ${zone}`, what, answer);
  return text.replace(/\.$/, '');
}

function finished(text: string): Judged {
  return { kind: 'done', text };
}

function failed(text: string): Judged {
  return { kind: 'failed', text };
}

function waiting(text: string, wakeAtMonoMs?: number): Judged {
  return wakeAtMonoMs === undefined ? { kind: 'waiting', text } : { kind: 'waiting', text, wakeAtMonoMs };
}
