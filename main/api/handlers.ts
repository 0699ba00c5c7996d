import type { Push, Reply, RequestInput, RequestName } from '../../shared/contract/api.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import { exportRun, type ExportFormat } from '../../shared/audit/export.ts';
import type { Result } from '../../shared/lib/result.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import { watchDns } from './dns-watching.ts';
import { buildView, seriesPoint, type Audience } from './view.ts';

/** Views are pushed at most this often, and at least once a second while anybody looks. */
const pushPeriodMs = 100;
const judgePeriodMs = 500;
/** What DNS answers is longer and changes more slowly; a long matrix still less often. */
const dnsPeriodMs = 500;
const longDnsPeriodMs = 2_000;
const longDnsRows = 600;

export type Handlers = { readonly [K in RequestName]: (input: RequestInput<K>) => Promise<Reply> };

export type Api = {
  readonly handlers: Handlers;
  readonly subscribe: (push: (message: Push) => void) => () => void;
  readonly audience: (audience: Audience) => void;
  readonly stop: () => void;
};

const done: Reply = { ok: true, value: null };

function reply(result: Result<unknown, string>): Reply {
  return result.ok ? { ok: true, value: result.value } : { ok: false, message: result.error };
}

/** Answers the contract's requests for one cockpit, and pushes its view while anybody looks. */
export function createApi(cockpit: Cockpit): Api {
  const { clock } = { clock: cockpit.parts.ports.clock };
  const pushes = new Set<(message: Push) => void>();
  let audience: Audience = { drivers: 0, observers: 0 };
  let judged: { readonly at: number; readonly verdicts: readonly Verdict[] } | null = null;
  const dns = watchDns(cockpit);
  let dnsDueAt = 0;
  let seq = 0;
  let stopped = false;

  const verdicts = (): readonly Verdict[] => {
    const now = clock.now().monoMs;
    if (judged === null || now - judged.at >= judgePeriodMs)
      judged = { at: now, verdicts: cockpit.verdicts(cockpit.night() === null ? 'preflight' : 'go') };
    return judged.verdicts;
  };
  const view = () => buildView(cockpit, { verdicts: verdicts(), audience });
  const push = (): void => {
    if (stopped) return;
    try {
      if (pushes.size > 0) pushOnce();
    } catch (error) {
      // A screen that cannot be drawn must never take the run with it.
      cockpit.tell(`The view could not be built: ${error instanceof Error ? error.message : String(error)}`);
    }
    clock.after(pushPeriodMs, push);
  };
  const pushOnce = (): void => {
    const messages: readonly Push[] = [
      { kind: 'view', seq: (seq += 1), view: view() },
      { kind: 'series', seq: (seq += 1), point: seriesPoint(cockpit.snapshot()) },
    ];
    const all = [...messages, ...dnsPush()];
    for (const send of pushes) for (const message of all) send(message);
  };
  const dnsPush = (): readonly Push[] => {
    const now = clock.now().monoMs;
    if (now < dnsDueAt) return [];
    const seen = dns.view();
    dnsDueAt = now + ((seen?.rows.length ?? 0) > longDnsRows ? longDnsPeriodMs : dnsPeriodMs);
    return [
      ...(seen === null ? [] : [{ kind: 'dns', seq: (seq += 1), dns: seen } as const]),
      { kind: 'residue', seq: (seq += 1), residue: cockpit.night()?.residue() ?? null },
    ];
  };
  push();

  return {
    handlers: {
      view: async () => ({ ok: true, value: view() }),
      prepare: async () => reply(await cockpit.prepare(cockpit.parts.ports.laptop.user())),
      proveZones: async ({ who }) => reply(await cockpit.proveZones(who)),
      answerChecklist: async ({ item, answer, who }) => {
        if (!cockpit.parts.plan.checklists.some(({ id }) => id === item))
          return { ok: false, message: `The plan has no checklist item "${item}".` };
        cockpit.record({ kind: 'checklist-answered', item, answer, who });
        return done;
      },
      overrideGate: async ({ gate, reason, who }) => overrideGate(cockpit, verdicts(), { gate, reason, who }),
      withdrawOverride: async ({ gate, who }) => {
        cockpit.record({ kind: 'override-withdrawn', gate, who });
        judged = null;
        return done;
      },
      acceptHostKey: async ({ host, fingerprint, who }) =>
        reply(await cockpit.acceptHostKey(host, fingerprint, who)),
      arm: async ({ who }) => {
        const armed = await cockpit.arm(who, false);
        return armed.ok
          ? { ok: true, value: { permit: armed.value.permit } }
          : { ok: false, message: armed.error };
      },
      disarm: async () => {
        if ((cockpit.night()?.run() ?? null) !== null)
          return { ok: false, message: 'The run has begun: abort it, or let it end.' };
        await cockpit.disarm();
        return done;
      },
      release: async ({ hold, permit, who }) => reply(await cockpit.release({ hold, permit, who })),
      abort: async ({ who, reason }) => {
        const runner = cockpit.night()?.runner() ?? null;
        if (runner === null) return { ok: false, message: 'No run is under way.' };
        if (runner.run().ponrAt !== null)
          return {
            ok: false,
            message: 'Past the point of no return there is no abort: the way is forward, or Reverse.',
          };
        runner.post({ kind: 'abort-asked', who, reason });
        return done;
      },
      resume: async ({ run, who }) => {
        const resumed = await cockpit.resumeLeft(who, run);
        return resumed.ok ? done : { ok: false, message: resumed.error };
      },
      takeover: async ({ run, who }) => {
        const taken = await cockpit.takeOver(who, run);
        return taken.ok ? done : { ok: false, message: taken.error };
      },
      retry: async ({ step, overwrite, who }) => {
        const night = cockpit.night();
        if (night === null) return { ok: false, message: 'No run is under way.' };
        const run = night.run();
        const shown = overwrite === true && run !== null ? changedZones(run).map(({ zone }) => zone) : [];
        if (overwrite === true && shown.length === 0)
          return { ok: false, message: 'No difference of a zone is shown; there is nothing to overwrite.' };
        return reply(await night.retry({ step, overwrite: shown, who }));
      },
      close: async ({ who }) => {
        const night = cockpit.night();
        return night === null
          ? { ok: false, message: 'The run is not at its watch; there is nothing to close yet.' }
          : reply(await night.close(who));
      },
      reverse: async ({ who }) => reply(await cockpit.reverse(who)),
      startOver: async ({ who }) => reply(await cockpit.startOver(who)),
      exportAudit: async ({ format }) => exportAudit(cockpit, format),
    },
    subscribe: (send) => {
      pushes.add(send);
      return () => pushes.delete(send);
    },
    audience: (seen) => {
      audience = seen;
    },
    stop: () => {
      stopped = true;
      dns.stop();
    },
  };
}

function overrideGate(
  cockpit: Cockpit,
  verdicts: readonly Verdict[],
  by: { readonly gate: string; readonly reason: string; readonly who: string },
): Reply {
  const verdict = verdicts.find(({ gate }) => gate === by.gate);
  if (verdict === undefined) return { ok: false, message: `There is no gate "${by.gate}".` };
  if (!verdict.overridable)
    return {
      ok: false,
      message: `Gate "${by.gate}" cannot be overridden: it guards ${verdict.guards.join(', ')}.`,
    };
  cockpit.record({ kind: 'gate-overridden', ...by });
  return { ok: true, value: null };
}

function exportAudit(cockpit: Cockpit, format: ExportFormat): Reply {
  const journal = cockpit.night()?.journal() ?? null;
  if (journal === null) return { ok: false, message: 'There is no run to export yet.' };
  return { ok: true, value: exportRun(journal.read(), format) };
}
