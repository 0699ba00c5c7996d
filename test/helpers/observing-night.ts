import { createApi, type Api } from '../../main/api/handlers.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { CockpitParts } from '../../main/engine/parts.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { createDispatcher, type Dispatcher } from '../../main/shells/dispatch.ts';
import { verifyJournal } from '../../shared/audit/verify.ts';
import type { View } from '../../shared/contract/view.ts';
import { failed, ok } from '../../shared/lib/result.ts';
import type { Journal } from '../../main/ports.ts';
import { memoryJournal } from './rehearsal.ts';

/** A second cockpit in the same world, with its API as both shells carry it. */
export type SecondCockpit = {
  readonly cockpit: Cockpit;
  readonly api: Api;
  readonly ask: Dispatcher['handle'];
  /** What its screen shows now. */
  readonly view: () => Promise<View>;
  /** The journals of runs that it keeps, by run. */
  readonly kept: ReadonlyMap<string, Journal>;
};

/** Opens the same plan on another laptop. */
export function secondCockpit(
  first: Cockpit,
  { ports }: Simulator,
  parts: Partial<CockpitParts> = {},
): SecondCockpit {
  const kept = new Map<string, Journal>();
  const cockpit = startCockpit({
    ...first.parts,
    ports: { ...ports, laptop: { ...ports.laptop, name: () => 'laptop-b' } },
    planJournal: memoryJournal(),
    openRunJournal: () => ({ runId: 'rehearsal-02', journal: memoryJournal() }),
    leftRuns: {
      read: (runId) => {
        const journal = kept.get(runId);
        return journal === undefined ? failed('there is none') : ok(journal.read());
      },
      reopen: (runId) => {
        const journal = kept.get(runId);
        return journal === undefined ? failed('there is none') : ok({ journal });
      },
      keep: (runId, text) => {
        const verified = verifyJournal(text);
        if (!verified.ok) return failed(verified.error.why);
        const journal = memoryJournal();
        for (const { at, payload } of verified.value.records) journal.append(at, payload, true);
        kept.set(runId, journal);
        return ok({ journal });
      },
    },
    ...parts,
  });
  const api = createApi(cockpit);
  const dispatcher = createDispatcher(api.handlers, api.subscribe);
  return {
    cockpit,
    api,
    kept,
    ask: (name, input, caller) => dispatcher.handle(name, input, caller),
    view: async () => {
      const reply = await api.handlers.view({});
      if (!reply.ok) throw new Error(reply.message);
      return reply.value as View;
    },
  };
}
