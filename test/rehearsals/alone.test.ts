import { describe, expect, test } from 'vitest';
import { notInsync } from '../../main/cli-awaited.ts';
import { summary, untilOver } from '../../main/cli-run.ts';
import { exportRun } from '../../shared/audit/export.ts';
import { reportOf } from '../../shared/audit/report.ts';
import { present } from '../../shared/lib/assert.ts';
import { residuePlaces } from '../../shared/observations/residue.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { drive, referencePlan, rehearse } from '../helpers/rehearsal.ts';

/** A night of `run --unattended` up to its watch, and how the command ends it. */
async function nightAlone(plan: Plan) {
  const night = await rehearse({ plan, until: (run) => run?.phase === 'watching' });
  const { cockpit, simulator } = night;
  const before = simulator.clock.nowMs();
  const run = await drive(
    simulator,
    untilOver(cockpit, { who: 'alone', alone: true, since: simulator.clock.port.now() }),
    400_000,
  );
  return { ...night, run, tookMs: simulator.clock.nowMs() - before };
}

function withDns(plan: Plan, change: Partial<NonNullable<Plan['dns']>>): Plan {
  return { ...plan, dns: { ...present(plan.dns, 'the DNS of the reference case'), ...change } };
}

describe('a run that nobody watches', () => {
  test('ends when Route 53 says INSYNC, and says who was seen on the source side', async () => {
    const plan = { ...referencePlan(), residue: { quietMs: 10_000, edges: [], owners: [] } };
    const { cockpit, run, records } = await nightAlone(plan);
    expect(run).toMatchObject({ phase: 'ended', outcome: 'done' });
    const { dns, residue } = summary(cockpit, run) as { dns: readonly object[]; residue: object };
    expect(dns).toEqual([expect.objectContaining({ zone: 'shop', state: 'INSYNC' })]);
    expect(notInsync(cockpit)).toEqual([]);
    const places = residuePlaces(plan).databases.map((place) =>
      expect.objectContaining({
        place,
        kind: 'database',
        unknown: null,
        quietSinceUtcMs: expect.any(Number),
      }),
    );
    const told = { goDark: { state: 'open', reasons: [expect.stringContaining('Nobody')] }, places };
    expect(residue).toMatchObject(told);
    expect(reportOf(records).residue).toMatchObject(told);
    expect(JSON.parse(exportRun(records, 'json')).summary.residue).toMatchObject(told);
    expect(exportRun(records, 'html')).toContain('may go dark: <b class="good">open</b>');
  });

  test('waits no longer than the plan says, and says so', async () => {
    const { cockpit, run, tookMs } = await nightAlone(withDns(referencePlan(), { insyncMs: 2_000 }));
    expect(run).toMatchObject({ phase: 'ended', outcome: 'done' });
    expect(tookMs).toBeLessThan(25_000);
    expect(summary(cockpit, run)['dns']).toEqual([
      expect.objectContaining({ state: 'PENDING', insyncAfterMs: null }),
    ]);
    expect(notInsync(cockpit)).toEqual([
      expect.stringContaining('not INSYNC within 2 s (dns.insyncMs of the plan)'),
    ]);
  });
});
