import { letsPass } from '../gates/gate.ts';
import { sayResidue } from '../observations/residue-seen.ts';
import { showContent, showSet } from '../observations/record-set.ts';
import type { Action } from '../steps/command.ts';
import type { RunEvent } from '../steps/event.ts';
import { countedOnSource } from '../steps/wording.ts';
import { actionText, answerText, durationText, isEffect } from './command-text.ts';
import type { DecidedRecord, JournalRecord, MeasuredRecord, PlanRecord, RunHeader } from './record.ts';

/**
 * Tells one record in one line, in the same words on the screen, in the CSV and in the report. A record that only says
 * that a look was answered gives an empty line: there are hundreds, and each is in the journal. `describeFully` tells
 * those as well.
 */
export function describeRecord({ payload }: JournalRecord): string {
  switch (payload.kind) {
    case 'run':
      return describeHeader(payload);
    case 'event':
      return describeEvent(payload);
    case 'measured':
      return describeMeasured(payload);
    case 'residue':
      return sayResidue(payload);
    default:
      return describePreparation(payload);
  }
}

/** The same line, and never an empty one. */
export function describeFully(record: JournalRecord): string {
  const line = describeRecord(record);
  if (record.payload.kind !== 'event') return line;
  const { event } = record.payload;
  if (event.kind === 'answered' && event.answer.kind === 'ok') {
    const answer = `${event.key}: ${answerText(event.answer)}`;
    return line === '' ? answer : `${line} (on ${answer})`;
  }
  return line === '' ? 'a time limit was looked at' : line;
}

function describeHeader(header: RunHeader): string {
  const { plan } = header;
  const shut = header.verdicts.filter(({ state }) => state !== 'open');
  const passed = shut.filter((verdict) => verdict.override !== null && letsPass(verdict)).length;
  const gates = `${header.verdicts.length - shut.length} of ${header.verdicts.length} gates open${passed > 0 ? `, ${passed} overridden` : ''}`;
  return `run ${header.runId} of plan ${plan.name} (${plan.environment}, digest ${header.planDigest.slice(0, 12)}) by ${header.driver}: ${gates}`;
}

/** Steps first, because the screen and the CSV find the chain there: `fence:orders done`. */
function describeEvent(record: DecidedRecord): string {
  const effects = grouped(record.intended.map(({ action }) => action).filter(isEffect));
  const parts = [
    ...(record.pointOfNoReturn ? ['POINT OF NO RETURN'] : []),
    ...record.changed,
    ...said(record.event),
    ...(effects.length > 0 ? [`now: ${effects.join('; ')}`] : []),
  ];
  return parts.join('; ');
}

/** `takeLock on orders-a1, orders-b1`: one effect on many places is one phrase. */
function grouped(actions: readonly Action[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const action of actions) {
    if (action.kind !== 'mysql') continue;
    places.set(action.operation, [...(places.get(action.operation) ?? []), action.instance]);
  }
  return [
    ...[...places].map(([operation, names]) => `${operation} on ${names.join(', ')}`),
    ...actions.filter(({ kind }) => kind !== 'mysql').map(actionText),
  ];
}

function said(event: RunEvent): readonly string[] {
  switch (event.kind) {
    case 'begun':
      return [
        `${event.who} holds the run; ${Object.keys(event.identities).length} instances are who the plan says`,
      ];
    case 'released':
      return [`${event.who} released the hold before ${event.hold}`];
    case 'answered':
      return event.answer.kind === 'ok' ? [] : [`${event.key}: ${answerText(event.answer)}`];
    case 'time':
      return [];
    case 'alarmed':
      return [
        `alarm on ${event.alarm.instance} (${event.alarm.alarm}): seen ${event.alarm.seen}, expected ${event.alarm.expected}`,
      ];
    case 'abort-asked':
      return [`abort asked by ${event.who}${event.reason === '' ? '' : `: ${event.reason}`}`];
    case 'retry-asked':
      return [
        `${event.who} tries ${event.step} again`,
        ...(event.overwrite === undefined
          ? []
          : [`what ${event.overwrite.join(', ')} holds now may be overwritten`]),
        ...openedAgain(event),
      ];
    case 'resumed':
      return [`${event.who} took the run up again: ${event.stands}`, ...openedAgain(event)];
    case 'mirror-lost':
      return [`the journal's mirror is lost: ${event.why}`];
    case 'ousted':
      return [`${event.by} drives this run now: ${event.seen}; this cockpit has stopped`];
    case 'close-asked':
      return [`${event.who} closes the run`];
    case 'reverse-asked':
      return [`${event.who} reverses the run: run ${event.runId} begins`];
    case 'reverse-ended':
      return [`run ${event.runId}, which turned this one round, ended: ${event.outcome}`];
  }
}

function openedAgain({
  threads,
  stillLost,
}: Extract<RunEvent, { kind: 'retry-asked' | 'resumed' }>): readonly string[] {
  const opened = Object.entries(threads ?? {}).map(
    ([instance, own]) => `${instance} (${Object.keys(own).join(', ')})`,
  );
  return [
    ...(opened.length === 0 ? [] : [`sessions opened again: ${opened.join(', ')}`]),
    ...(stillLost ?? []).map((text) => `still lost: ${text}`),
  ];
}

function describeMeasured(record: MeasuredRecord): string {
  const chains = record.chains.map(
    ({ name, writeFreezeMs, acknowledged, lost, unknown, notChecked, countedOn }) =>
      `${name}: write freeze ${durationText(writeFreezeMs)}, ${acknowledged} acknowledged, ${lost === null ? `not checked whether any is lost (${notChecked ?? 'no reason recorded'})` : `${lost} lost`}${countedOn === 'source' ? ` (${countedOnSource})` : ''}, ${unknown} unknown`,
  );
  return `measured: user-visible downtime ${durationText(record.userVisibleDowntimeMs)}; ${chains.join('; ')}`;
}

function describePreparation(record: PlanRecord): string {
  switch (record.kind) {
    case 'plan':
      return `plan ${record.planFile} (digest ${record.planDigest.slice(0, 12)}) opened by ${record.program}`;
    case 'checklist-answered':
      return `${record.who} answered ${record.answer} to ${record.item}`;
    case 'gate-overridden':
      return `${record.who} overrode gate ${record.gate}: ${record.reason}`;
    case 'override-withdrawn':
      return `${record.who} withdrew the override of gate ${record.gate}`;
    case 'host-key-accepted':
      return `${record.who} accepted the host key of ${record.host}: ${record.fingerprint}`;
    case 'prepare-intended':
      return `${record.who} prepares ${record.instance}: ${record.statements.join('; ')}`;
    case 'prepare-answered':
      return `${record.instance} ${record.outcome === 'ok' ? 'is prepared' : `was not prepared (${record.outcome})`}${record.text === '' ? '' : `: ${record.text}`}`;
    case 'zone-proof-intended':
      return `${record.who} writes ${showSet(record.set)} of zone ${record.zone} as it stands (account ${record.account}): ${showContent(record.set.content)}`;
    case 'zone-proof-answered':
      return `zone ${record.zone} ${record.outcome === 'ok' ? 'may be changed' : `was not proven (${record.outcome})`}: ${record.text}`;
    case 'zone-trial-intended':
      return `${record.who} tries the change of zone ${record.zone} under its scratch name, ${record.what}: ${record.batch.changes.map(({ action, set }) => `${action} ${showSet(set)}`).join('; ')}`;
    case 'zone-tried':
      return `the change of zone ${record.zone} ${record.outcome === 'ok' ? 'was tried under its scratch name' : 'could not be tried under its scratch name'}: ${record.text}`;
    case 'identity-seen':
      return `${record.instance} is server ${record.serverUuid ?? record.serverId}, data in ${record.datadir}`;
    case 'run-begun':
      return `run ${record.runId} began`;
    case 'run-ended':
      return `run ${record.runId} ended: ${record.outcome}; its journal's head is ${record.head}`;
  }
}
