import type { OtherView, View } from '../../shared/contract/view.ts';
import { standingText, takeoverSteps } from '../../shared/audit/other-cockpit.ts';
import { judgeStopHere } from '../../shared/steps/stop-here.ts';
import { emptyRun } from '../../shared/steps/decide.ts';
import { referencePlan } from './rehearsal.ts';
import { at } from './view-chains.ts';
import { minute } from './view-minute.ts';
import { ready } from './view-preflight.ts';
import { needsOperator } from './view-after.ts';

const moment = { utcMs: at, monoMs: 0 };
const begun = { ...emptyRun('2026-11-23-04-k3f9', referencePlan(), moment), phase: 'running' as const };

const driving: OtherView = {
  run: '2026-11-23-04-k3f9',
  driver: 'Dana on dana@ops-laptop-1',
  since: '2026-11-23T02:13:58.120Z',
  standing: 'driving',
  text: standingText('driving', begun),
  locks: 'held by its sessions on all 10 servers',
  mirror: {
    host: 'use1-jump',
    records: 214,
    newestAtUtcMs: at - 400,
    readAtUtcMs: at - 200,
    trouble: null,
  },
  takeOver: { steps: takeoverSteps(begun, 'use1-jump'), whyNot: null },
};

/** The minute of another cockpit, as this one sees it. */
export const observed: View = {
  ...minute,
  header: { ...minute.header, cannotLeave: null },
  other: driving,
  run:
    minute.run === null
      ? null
      : {
          ...minute.run,
          deadlineUtcMs: null,
          control: { kind: 'none', label: 'Observing', detail: '', enabled: false },
          sheetFile: null,
        },
};

/** The other laptop sleeps behind the fence: its locks are held, its mirror is silent. */
export const observedAsleep: View = {
  ...observed,
  other: {
    ...driving,
    standing: 'silent',
    text: standingText('silent', begun),
    mirror: {
      host: 'use1-jump',
      records: 214,
      newestAtUtcMs: at - 184_000,
      readAtUtcMs: at - 300,
      trouble: null,
    },
    takeOver: {
      steps: [],
      whyNot:
        "The plan's file here is not the one that this run began with. Take it over on the command line: cockpit takeover 2026-11-23-04-k3f9 --plan FILE; that goes by the plan that the run began with.",
    },
  },
};

/** Its cockpit is gone after the point of no return. */
export const observedGone: View = {
  ...needsOperator,
  header: { ...needsOperator.header, cannotLeave: null },
  other: {
    ...driving,
    standing: 'gone',
    text: standingText('gone', begun),
    locks: 'held by none of its sessions',
    mirror: {
      host: 'use1-jump',
      records: 301,
      newestAtUtcMs: at - 41_000,
      readAtUtcMs: at - 300,
      trouble: null,
    },
    takeOver: { steps: takeoverSteps({ ...begun, ponrAt: moment }, 'use1-jump'), whyNot: null },
  },
  run:
    needsOperator.run === null
      ? null
      : {
          ...needsOperator.run,
          retry: [],
          sheetFile: null,
          control: { kind: 'none', label: 'Observing', detail: '', enabled: false },
        },
};

/** Somebody holds the locks, and no mirror tells who. */
export const observedUnread: View = {
  ...ready,
  other: {
    run: null,
    driver: null,
    since: null,
    standing: 'driving',
    text: `${standingText('driving', null)} The plan keeps no mirror of the journal.`,
    locks: 'held by its sessions on 9 of 10 servers; not known on content-usw2',
    mirror: null,
    takeOver: {
      steps: [],
      whyNot:
        'Its journal is not to be had from here: The plan keeps no mirror of the journal. Look for the laptop that drives.',
    },
  },
};

const oustedText =
  "Ousted: the journal's mirror takes nothing from here: use1-jump ran nothing: epoch 2 is driven by Kim on kim@ops-laptop-2 since 2026-11-23T02:14:31.004Z. This cockpit has stopped and sends nothing more; look at the other one.";

/** This cockpit drove until another one took over. */
export const ousted: View = {
  ...minute,
  header: { ...minute.header, cannotLeave: null },
  run:
    minute.run === null
      ? null
      : {
          ...minute.run,
          phase: 'ended',
          steps: minute.run.steps.map((step) =>
            step.state === 'running' ? { ...step, state: 'undone', text: oustedText } : step,
          ),
          now: {
            title: 'This cockpit no longer drives',
            detail: '',
            statement: null,
            where: null,
            sinceUtcMs: null,
            limitMs: null,
          },
          deadlineUtcMs: null,
          stopHere: judgeStopHere({ ...begun, phase: 'ended', outcome: 'ousted' }, referencePlan()),
          control: { kind: 'none', label: 'Ousted', detail: '', enabled: false },
          outcome: 'ousted',
          outcomeText: oustedText,
        },
};
