import type { Run } from '../../shared/steps/run.ts';
import type { OperationEdge } from '../../main/simulator/world.ts';
import type { MemoryJournal } from './memory-journal.ts';
import type { Scene } from './scene.ts';

/** The run as another laptop found it, and which sessions are its own. */
export type Overtaking = {
  readonly journal: MemoryJournal;
  readonly run: Run;
  readonly isOther: (instance: string, thread: number) => boolean;
};

/** Two may believe to drive: behind the first effect of the other laptop on a server nothing of this one arrives there. */
export const oneDriver = { name: 'oneDriver', law: 'I8' } as const;

/** Says of each effect that arrives somewhere whether it breaks the rule. */
export function watchTwoDrivers(): {
  readonly overtaken: (by: Pick<Overtaking, 'isOther'>) => void;
  /** Whether a session is one of the laptop that slept, which another one ousted. */
  readonly isOusted: (session: Pick<OperationEdge, 'instance' | 'thread'>) => boolean;
  readonly arrives: (effect: Omit<OperationEdge, 'edge'>) => string | null;
} {
  const actedOn = new Set<string>();
  let isOther: Overtaking['isOther'] | null = null;
  const isOusted = ({ instance, thread }: Pick<OperationEdge, 'instance' | 'thread'>): boolean =>
    isOther !== null && !isOther(instance, thread);
  return {
    isOusted,
    overtaken: (by) => {
      isOther = by.isOther;
    },
    arrives: ({ instance, thread, operation }) => {
      if (isOther === null) return null;
      if (isOusted({ instance, thread }))
        return actedOn.has(instance)
          ? `${operation} of the laptop that slept arrives at ${instance}, where another one acted already`
          : null;
      actedOn.add(instance);
      return null;
    },
  };
}

/** What the first laptop intended and did not tell the mirror is no part of the run any more. */
export function beginFrom(scene: Scene, { journal, run }: Overtaking): void {
  const told = journal.appended.flatMap(({ payload }) => (payload.kind === 'event' ? [payload] : []));
  const point = journal.appended.findIndex(
    ({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn,
  );
  scene.pending.clear();
  scene.intended.clear();
  for (const { intended } of told) for (const { key } of intended) scene.intended.add(key);
  scene.thawIntended = told.some(({ intended }) =>
    intended.some(({ action }) => action.kind === 'mysql' && action.operation === 'thaw'),
  );
  scene.seq = journal.appended.length;
  scene.ponrSeq = point < 0 ? null : point;
  scene.run = run;
}
