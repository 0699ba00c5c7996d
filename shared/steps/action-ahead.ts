import type { Action, MysqlCommand } from './command.ts';
import type { StepId } from './order.ts';

/** One effect that the run will have, as far as it can be known before the run. */
export type ActionAhead = {
  readonly step: StepId;
  readonly action: Action;
  /** Which part of it the run will say otherwise, because it is known only then; null: it is sent as it stands here. */
  readonly known: string | null;
};

/** An effect of a step, announced. */
export function ahead(step: StepId, action: Action, known: string | null = null): ActionAhead {
  return { step, action, known };
}

/** An operation on the acting session of an instance. */
export function mysql<K extends MysqlCommand['operation']>(
  instance: string,
  operation: K,
  input: Extract<MysqlCommand, { operation: K }>['input'],
): Action {
  return { kind: 'mysql', instance, session: 'act', operation, input } as MysqlCommand;
}
