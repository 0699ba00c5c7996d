import { describe, expect, test } from 'vitest';
import { freshness } from '../../../shared/gates/look.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { DnsFacts } from '../../../shared/observations/dns-facts.ts';
import type { ZoneProof } from '../../../shared/steps/zone-proof.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';
import { judgedAt } from '../../helpers/snapshot.ts';
import { plan, seen, verdicts } from '../../helpers/dns-gates.ts';

describe('the gates on the write to Route 53', () => {
  test('a proof of the write that is old, failed or missing warns in preflight and keeps the run from beginning', () => {
    const write = (phase: 'preflight' | 'go', proof: Partial<ZoneProof> | null, ageMs = 20_000) => {
      const atUtcMs = judgedAt - ageMs;
      const made = { zone: 'shop', atUtcMs, outcome: 'ok', text: 'www was written', ...proof } as const;
      const facts = { ...seen(), proofs: proof === null ? {} : { shop: made } };
      const { state, blocking, reasons, fix, ages } = present(
        verdicts(facts, plan, phase).find(({ gate }) => gate === 'dns.write:shop'),
        'the gate',
      );
      return { state, blocking, reasons: reasons.join(' '), fix, ages };
    };
    const open = { state: 'open', reasons: expect.stringContaining('Proven 20 s ago') };
    const aged = (limitMs: number) => [{ takenAt: judgedAt - 20_000, limitMs }];
    expect(write('go', {})).toMatchObject({ ...open, ages: aged(freshness.zoneProofAtGoMs) });
    expect(write('preflight', {})).toMatchObject({ ...open, ages: aged(freshness.zoneProofMs) });
    expect(write('go', null)).toMatchObject({ state: 'closed', blocking: true });
    expect(write('preflight', null)).toMatchObject({ state: 'closed', blocking: false });
    const old = {
      state: 'closed',
      blocking: true,
      reasons: expect.stringContaining('seen it proven 61 s ago'),
    };
    expect(write('go', {}, 61_000)).toMatchObject(old);
    expect(write('preflight', {}, 599_000)).toMatchObject({ state: 'open' });
    expect(write('preflight', {}, 601_000)).toMatchObject({ state: 'closed', blocking: false });
    const denied = { outcome: 'refused', text: 'AccessDenied' } as const;
    const says = { state: 'closed', blocking: true, reasons: expect.stringContaining('AccessDenied') };
    expect(write('go', denied)).toMatchObject(says);
    const changed = { outcome: 'changed', text: 'www was changed by somebody' } as const;
    expect(write('go', changed)).toMatchObject({ state: 'closed', blocking: true });
    expect(write('go', denied).fix).toContain('the rights');
    expect(write('go', changed).fix).not.toContain('the rights');
  });

  test('a rehearsal with a scratch name wants its trial at go/no-go; production has none', () => {
    const scratched = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        zones: [
          {
            id: 'shop',
            hostedZoneId: 'Z0EXAMPLE1SHOP',
            name: 'shop.example',
            scratchName: 'try.shop.example',
          },
        ],
      } as never,
    }));
    const gate = (of: Plan, trials: DnsFacts['trials']) =>
      verdicts({ ...seen(), trials }, of, 'go').find(({ gate: id }) => id === 'dns.scratch:shop');
    const tried = { zone: 'shop', atUtcMs: judgedAt - 600_000, outcome: 'ok', text: 'all of it' } as const;
    expect(gate(scratched, {})).toMatchObject({ state: 'closed', blocking: true });
    expect(gate(scratched, { shop: tried })).toMatchObject({
      state: 'open',
      ages: [{ takenAt: tried.atUtcMs, limitMs: freshness.zoneTrialMs }],
    });
    expect(gate(scratched, { shop: { ...tried, outcome: 'failed' } })).toMatchObject({ state: 'closed' });
    expect(gate(scratched, { shop: { ...tried, atUtcMs: judgedAt - 3_700_000 } })).toMatchObject({
      state: 'closed',
    });
    expect(gate({ ...scratched, environment: 'production' }, {})).toBeUndefined();
    expect(gate(plan, {})).toBeUndefined();
  });

  test('a zone of which nothing stands yet cannot be proven, and says so', () => {
    const fresh = referenceWith((input) => ({
      ...input,
      dns: {
        ...input.dns,
        records: (input.dns?.records ?? []).map((record) => ({ ...record, before: 'absent' })),
      } as never,
    }));
    const verdict = verdicts({ ...seen(), proofs: {} }, fresh, 'go').find(
      ({ gate }) => gate === 'dns.write:shop',
    );
    expect(verdict).toMatchObject({ state: 'closed', blocking: false });
  });
});
