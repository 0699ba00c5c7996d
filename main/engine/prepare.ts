import type { PlanRecord } from '../../shared/audit/record.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { present } from '../../shared/lib/assert.ts';
import type { Ports } from '../ports.ts';

const limitMs = 15_000;

/**
 * The explicit *prepare*: makes the cutover schema on one source master of each chain, from where replication carries
 * it everywhere. Journaled before and after; Close removes it again.
 */
export async function prepareSources(
  plan: Plan,
  ports: Ports,
  by: { readonly record: (payload: PlanRecord) => void; readonly who: string },
): Promise<Result<string, string>> {
  const troubles: string[] = [];
  for (const chain of plan.chains) {
    const instance = present(chain.source.masters[0], 'a source master').instance;
    by.record({
      kind: 'prepare-intended',
      instance,
      statements: ports.mysql.statements(instance, 'prepareSchema', {}),
      who: by.who,
    });
    const outcome = await prepareOne(ports, instance);
    by.record({ kind: 'prepare-answered', instance, outcome: outcome.kind, text: outcome.text });
    if (outcome.kind !== 'ok') troubles.push(`${instance}: ${outcome.text}`);
  }
  return troubles.length === 0
    ? ok('The cutover schema is on every source master.')
    : failed(troubles.join('; '));
}

async function prepareOne(
  ports: Ports,
  instance: string,
): Promise<{ readonly kind: 'ok' | 'refused' | 'none'; readonly text: string }> {
  const opened = await ports.mysql.open(instance, 'act', limitMs);
  if (opened.kind === 'refused') return { kind: 'refused', text: opened.message };
  const { session } = opened;
  const facts = await session.ask('fastFacts', {}, limitMs);
  if (facts.kind !== 'ok') return end(session.close(), { kind: facts.kind, text: facts.message });
  // On a closed server the operator account could still create it: that would be an errant transaction.
  if (facts.value.readOnly)
    return end(session.close(), {
      kind: 'refused',
      text: 'it is read-only; expected a writable source master',
    });
  const made = await session.ask('prepareSchema', {}, limitMs);
  if (made.kind !== 'ok') return end(session.close(), { kind: made.kind, text: made.message });
  const seen = await session.ask('survey', {}, limitMs);
  if (seen.kind !== 'ok') return end(session.close(), { kind: seen.kind, text: seen.message });
  return end(
    session.close(),
    seen.value.schemaPrepared
      ? { kind: 'ok', text: 'prepared and read back' }
      : { kind: 'refused', text: 'the schema is not there after it was made' },
  );
}

async function end<T>(closing: Promise<void>, value: T): Promise<T> {
  await closing;
  return value;
}
