import { setToProve } from '../steps/zone-proof.ts';
import { plannedChanges } from '../plan/planned-sets.ts';
import { healthCheckIds, plannedZones } from '../steps/prepared-zone.ts';
import { freshness } from './look.ts';
import type { GateDefinition } from './world.ts';

/**
 * The gate on the write itself: that a zone can be read says nothing of whether it may be changed, nor of whether the
 * control plane takes a change tonight. Only a change shows that, and one that changes nothing is one.
 */
export const dnsWrite: readonly GateDefinition[] = [
  {
    id: 'dns.write',
    group: 'dns',
    scope: 'item',
    items: ({ plan }) => plannedZones(plan.dns).map(({ id }) => id),
    title: (zone) => `Route 53 takes a change of zone ${zone}: one record set was written as it stands.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ plan: { dns }, snapshot, context }, item, look) => {
      if (dns === undefined) return null;
      // Looking changes nothing anywhere: until go/no-go, which proves it by itself, a person presses it.
      if (context.phase === 'preflight') look.warnOnly();
      const limitMs = context.phase === 'preflight' ? freshness.zoneProofMs : freshness.zoneProofAtGoMs;
      const changes = plannedChanges(dns, item, healthCheckIds(dns));
      if (changes.ok && setToProve(changes.value) === null) {
        look.warnOnly();
        look.expect(
          false,
          `Expected a record set of the plan in zone ${item} that can be written as it stands, none of them is there yet: whether the zone may be changed shows in the minute.`,
          'cockpit dns policy PLAN prints the rights that the credentials need; compare them.',
        );
        return look.judgement();
      }
      const proof = snapshot.dns?.proofs[item];
      if (
        !look.expect(
          proof !== undefined,
          `Expected one record set of zone ${item} written as it stands, seen none written yet.`,
          proveIt,
        ) ||
        proof === undefined
      )
        return look.judgement();
      const ageMs = Math.max(0, context.now - proof.atUtcMs);
      look.used(proof.atUtcMs, limitMs);
      look.expect(
        proof.outcome === 'ok',
        `Expected Route 53 to take a change of zone ${item}, seen ${say(ageMs)} ago: ${proof.text}.`,
        proof.outcome === 'changed'
          ? 'Somebody else changes this zone: settle that with them, bring plan and zone together, then prove it again.'
          : 'Mend what it says, give the credentials the rights of cockpit dns policy PLAN, then prove it again.',
      );
      look.expect(
        ageMs <= limitMs,
        `Expected it proven within the last ${say(limitMs)}, seen it proven ${say(ageMs)} ago.`,
        proveIt,
      );
      look.note(`Proven ${say(ageMs)} ago: ${proof.text}.`);
      return look.judgement();
    },
  },
  {
    id: 'dns.scratch',
    group: 'dns',
    scope: 'item',
    items: ({ plan: { dns, environment } }) =>
      environment === 'production'
        ? []
        : plannedZones(dns).flatMap(({ id, scratchName }) => (scratchName === undefined ? [] : [id])),
    title: (zone) => `The whole change of zone ${zone} and its way back were tried under its scratch name.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ snapshot, context }, item, look) => {
      if (context.phase === 'preflight') look.warnOnly();
      const trial = snapshot.dns?.trials[item];
      const fix = 'Go/no-go tries it by itself each time that it is opened.';
      if (trial === undefined) {
        look.expect(false, `Expected a trial of the change of zone ${item}, seen none yet.`, fix);
        return look.judgement();
      }
      const ageMs = Math.max(0, context.now - trial.atUtcMs);
      look.used(trial.atUtcMs, freshness.zoneTrialMs);
      look.expect(trial.outcome === 'ok', `The trial failed ${say(ageMs)} ago: ${trial.text}.`, fix);
      look.expect(
        ageMs <= freshness.zoneTrialMs,
        `Expected a trial within the last ${say(freshness.zoneTrialMs)}, seen one ${say(ageMs)} ago.`,
        fix,
      );
      look.note(`Tried ${say(ageMs)} ago: ${trial.text}.`);
      return look.judgement();
    },
  },
];

const proveIt =
  'Press "Prove the way to Route 53" here; go/no-go does it by itself, and again as long as it is open.';

function say(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
