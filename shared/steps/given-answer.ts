import type { OperationName, OperationOutput } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { entryIn } from './ledger.ts';
import { commandKey } from './need.ts';
import type { Run, StepKey } from './run.ts';

/** The answer a finished step got, by its latest attempt. */
export function answerOf<K extends OperationName>(
  run: Run,
  at: readonly [step: StepKey, name: string, operation: K],
): OperationOutput<K> | null {
  const [step, name] = at;
  const attempt = run.steps[step]?.attempt ?? 1;
  const answer = entryIn(run.commands, commandKey(step, attempt, name))?.answer;
  return answer?.kind === 'ok' ? (answer.value as OperationOutput<K>) : null;
}

/** The answer to what another step asked and did not wait for; undefined as long as there is none. */
export function givenAnswer<K extends OperationName>(
  run: Run,
  at: readonly [step: StepKey, name: string, operation: K],
): Answer<OperationOutput<K>> | undefined {
  const [step, name] = at;
  const attempt = run.steps[step]?.attempt ?? 1;
  return (entryIn(run.commands, commandKey(step, attempt, name))?.answer ?? undefined) as
    Answer<OperationOutput<K>> | undefined;
}
