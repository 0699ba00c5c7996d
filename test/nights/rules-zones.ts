import { entriesOf, entryIn } from '../../shared/steps/ledger.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { ZoneWorld } from '../../main/simulator/zone-world.ts';
import type { EventRule, Scene } from './scene.ts';

/** Whoever else changes a zone says so in the comment. */
const byOthers = 'by hand';

function own(zone: ZoneWorld, run: Run) {
  return zone.accepted.filter(({ comment }) => comment !== byOthers && comment.endsWith(run.id));
}

/** The files of the flip of a night, and whether each is there now. */
function filesOf({ script, simulator }: Scene) {
  return (script.plan.dns?.flip?.files ?? []).map((file) => ({
    ...file,
    there: simulator.world.hosts.get(file.host)?.files.has(file.path) ?? false,
  }));
}

/** Rules of Route 53 that hold after every event of a run. */
export const zoneRules: readonly EventRule[] = [
  {
    name: 'noDnsBeforeThePoint',
    law: 'I4',
    check: ({ simulator }, run) => {
      if (run.ponrAt !== null) return null;
      const changed = [...simulator.world.hostedZones.values()].find((zone) => own(zone, run).length > 0);
      return changed === undefined ? null : `${changed.id} is changed before the point of no return`;
    },
  },
  {
    name: 'oneChangeOfAZone',
    law: 'I5',
    check: ({ simulator }, run) => {
      for (const zone of simulator.world.hostedZones.values()) {
        const exact = own(zone, run).filter(({ batch }) =>
          batch.changes.every(({ action }) => action !== 'UPSERT'),
        );
        const mended = zone.accepted.some(({ comment }) => comment === byOthers);
        // What somebody put back, or removed, may be changed once more after a look.
        if (exact.length > 1 && !mended) return `${zone.id} took the exact batch ${exact.length} times`;
      }
      return null;
    },
  },
  { name: 'noBlindSecondSend', law: 'I5', check: blindSend },
  {
    name: 'noFlipBeforeThePoint',
    law: 'I4',
    check: (scene, run) => {
      if (run.ponrAt !== null) return null;
      const turned = filesOf(scene).find(({ there, standsFor }) => there !== (standsFor === 'source'));
      return turned === undefined ? null : `${turned.host} is flipped before the point of no return`;
    },
  },
  {
    name: 'neverEveryEndpointOut',
    law: 'R14',
    check: (scene) => {
      const files = filesOf(scene);
      return files.length === 0 || files.some(({ there }) => there)
        ? null
        : 'no endpoint of the flip is healthy: Route 53 takes all of them for healthy then';
    },
  },
  {
    name: 'noBatchWithoutAPress',
    law: 'I5',
    check: ({ script, simulator }, run) => {
      if (script.plan.dns?.flip?.batch !== 'plan-b' || run.batchAsked) return null;
      const changed = [...simulator.world.hostedZones.values()].find((zone) => own(zone, run).length > 0);
      return changed === undefined ? null : `${changed.id} is changed, and nobody pressed for plan B`;
    },
  },
];

/** A change is sent again only after Route 53 said that nothing happened, or after the names were listed. */
function blindSend(_scene: Scene, run: Run): string | null {
  if (run.steps['announce']?.startedAt === null) return null;
  for (const { command } of entriesOf(run.commands)) {
    if (command.action.kind !== 'zone' || command.action.ask !== 'change') continue;
    const [, attempt, sent, zone] = /^announce#(\d+)\/change(\d+)@(.*)$/.exec(command.key) ?? [];
    const prefix = `announce#${attempt ?? ''}`;
    const earlier = entryIn(run.commands, `${prefix}/change${Number(sent) - 1}@${zone ?? ''}`)?.answer;
    const nothingHappened =
      earlier?.kind === 'refused' && (earlier.refusal === 'throttled' || earlier.refusal === 'prior-request');
    if (Number(sent) > 0 && !nothingHappened)
      return `${command.key} was sent although the one before may have happened`;
    if (Number(sent) > 0 || Number(attempt) === 1) continue;
    const looked = entriesOf(run.commands).some(
      (each) =>
        each.command.key.startsWith(`${prefix}/before`) &&
        each.command.key.endsWith(`@${zone ?? ''}`) &&
        each.answer?.kind === 'ok',
    );
    if (!looked) return `${command.key} was sent without a look at the zone`;
  }
  return null;
}
