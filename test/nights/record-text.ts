import type { DecidedRecord } from '../../shared/audit/record.ts';

/** One record of a run in a line of a night's trace: what was taken in, what it asked for and what changed by it. */
export function recordText({ event, intended, changed, pointOfNoReturn }: DecidedRecord): string {
  const what =
    event.kind === 'answered'
      ? `answered ${event.key} ${event.answer.kind === 'ok' ? 'ok' : `${event.answer.kind}: ${event.answer.message}`}`
      : event.kind === 'alarmed'
        ? `alarmed ${event.alarm.alarm} ${event.alarm.instance}: ${event.alarm.seen}`
        : event.kind;
  const then = intended.length === 0 ? '' : ` ⇒ ${intended.map(({ key }) => key).join(' ')}`;
  return `${what}${then}${changed.length === 0 ? '' : ` [${changed.join(', ')}]`}${pointOfNoReturn ? ' PONR' : ''}`;
}
