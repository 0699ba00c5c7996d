import type { Driver } from '../../shared/steps/driver.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Journal, SshChannel } from '../ports.ts';
import { startMirror, type MirrorState } from './mirror.ts';
import type { CockpitParts } from './parts.ts';
import type { Hands } from './perform.ts';
import { mirrorEpoch } from './takeover.ts';

/** How long a lost session makes the next effect wait for the mirror's host to say whether this cockpit still drives. */
export const confirmMs = 500;

/** The mirror of a run under way, as its loop, its screen and its end use it. */
export type KeptMirror = {
  readonly hands: Pick<Hands, 'mirror' | 'leave' | 'doubt'>;
  /** Null: the plan keeps none. */
  readonly state: () => MirrorState | null;
  readonly stop: (run: Run) => Promise<void>;
};

type Begin = {
  readonly run: Run;
  readonly journal: Journal;
  readonly driver: Driver;
  readonly mirrorChannel: SshChannel | null;
};

/** Begins to mirror a run's journal where the plan names a host for it; what becomes of the mirror moves the run. */
export function keepMirror(
  {
    parts: { plan, ports },
    tell,
  }: { readonly parts: Pick<CockpitParts, 'plan' | 'ports'>; readonly tell: (text: string) => void },
  { run, journal, driver, mirrorChannel }: Begin,
  post: (event: RunEvent) => void,
): KeptMirror {
  const place = mirrorOf(plan, run.id);
  if (place === null) return { hands: {}, state: () => null, stop: () => Promise.resolve() };
  const mirror = startMirror({
    clock: ports.clock,
    ssh: ports.ssh,
    journal,
    place,
    mark: mirrorEpoch(driver, place.file),
    channel: mirrorChannel,
    lost: (why) => {
      tell(`The journal's mirror is lost: ${why}. The run goes on; the journal here is the only one.`);
      post({ kind: 'mirror-lost', why });
    },
    ousted: (by) => post({ kind: 'ousted', by, seen: "the journal's mirror takes nothing from here" }),
  });
  /** Sessions that end may have been ended by a cockpit that took over: until that is asked, nothing more is changed. */
  let doubt: Promise<void> | null = null;
  return {
    hands: {
      mirror,
      leave: () => doubt,
      doubt: () => {
        doubt ??= mirror.confirm(confirmMs).finally(() => (doubt = null));
      },
    },
    state: mirror.state,
    stop: (ended) => mirror.stop(whyOver(ended) !== null && ended.outcome !== 'ousted'),
  };
}
