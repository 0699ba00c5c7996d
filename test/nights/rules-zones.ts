import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';
import { entryIn, sieve } from '../../shared/steps/ledger.ts';
import type { IssuedCommand, Run } from '../../shared/steps/run.ts';
import type { ZoneWorld } from '../../main/simulator/zone-world.ts';
import { endpointNot, endpointsOf, ownEndpoints } from './flip-endpoints.ts';
import type { EventRule, Scene } from './scene.ts';

/** Whoever else changes a zone says so in the comment. */
const byOthers = 'by hand';

function own(zone: ZoneWorld, run: Run) {
  return zone.accepted.filter(({ comment }) => comment !== byOthers && comment.endsWith(run.id));
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
  {
    name: 'noBlindSecondSend',
    law: 'I5',
    check: (scene, run) => blindSend(scene, run) ?? blindTurn(scene, run),
  },
  {
    name: 'noFlipBeforeThePoint',
    law: 'I4',
    check: (scene, run) => {
      if (run.ponrAt !== null) return null;
      const turned = endpointNot(ownEndpoints(scene), 'source');
      return turned === null ? null : `before the point of no return ${turned}`;
    },
  },
  {
    name: 'neverEveryEndpointOut',
    law: 'R14',
    check: (scene) => {
      const endpoints = endpointsOf(scene);
      return endpoints.length === 0 || endpoints.some(({ isIn, byOthers }) => isIn || byOthers)
        ? null
        : 'no endpoint of the flip is healthy: Route 53 takes all of them for healthy then';
    },
  },
  {
    name: 'doneMeansTurned',
    law: 'R14',
    check: (scene, run) => {
      if (run.outcome !== 'done' || scene.script.plan.dns?.flip === undefined) return null;
      // Plan B takes the place of a flip that failed; nobody but a person comes to it.
      if (run.steps['flip']?.state !== 'done')
        return run.batchAsked ? null : `the run is done, and its flip is ${run.steps['flip']?.state ?? ''}`;
      const other = endpointNot(ownEndpoints(scene), 'target');
      return other === null ? null : `the run is done, and ${other}`;
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

// Asked at every event of a night: what has nothing to do with it is gone through once.
const zoneCommands = sieve<IssuedCommand>(({ command }) => command.action.kind === 'zone');
const routingCommands = sieve<IssuedCommand>(({ command }) => command.action.kind === 'routing');

/** A change is sent again only after Route 53 said that nothing happened, or after the names were listed. */
function blindSend(_scene: Scene, run: Run): string | null {
  if (run.steps['announce']?.startedAt === null) return null;
  const commands = zoneCommands(run.commands);
  for (const { command } of commands) {
    if (command.action.kind !== 'zone' || command.action.ask !== 'change') continue;
    const [, attempt, sent, zone] = /^announce#(\d+)\/change(\d+)@(.*)$/.exec(command.key) ?? [];
    const prefix = `announce#${attempt ?? ''}`;
    const earlier = entryIn(run.commands, `${prefix}/change${Number(sent) - 1}@${zone ?? ''}`)?.answer;
    const nothingHappened =
      earlier?.kind === 'refused' && (earlier.refusal === 'throttled' || earlier.refusal === 'prior-request');
    if (Number(sent) > 0 && !nothingHappened)
      return `${command.key} was sent although the one before may have happened`;
    if (Number(sent) > 0 || Number(attempt) === 1) continue;
    const looked = commands.some(
      (each) =>
        each.command.key.startsWith(`${prefix}/before`) &&
        each.command.key.endsWith(`@${zone ?? ''}`) &&
        each.answer?.kind === 'ok',
    );
    if (!looked) return `${command.key} was sent without a look at the zone`;
  }
  return null;
}

/** Refusals of ARC after which nothing has happened. */
const notTaken: readonly ZoneRefusal[] = ['throttled', 'unavailable', 'conflict'];

/**
 * Routing controls are set again only after ARC said what became of the call before, or after an endpoint said how they are:
 * in an attempt behind the first always after that.
 */
function blindTurn({ script }: Scene, run: Run): string | null {
  if (script.plan.dns?.flip?.cluster === undefined || run.steps['flip']?.startedAt === null) return null;
  let known = '1';
  for (const { command, answer } of routingCommands(run.commands)) {
    const [, attempt] = /^flip#(\d+)\//.exec(command.key) ?? [];
    if (attempt === undefined || command.action.kind !== 'routing') continue;
    const isSet = command.action.ask === 'set';
    if (isSet && known !== attempt)
      return `${command.key} was sent although the one before may have happened, and nobody looked`;
    const isUnknown =
      answer === null ||
      (answer.kind === 'none' && answer.why !== 'not-connected') ||
      (answer.kind === 'refused' && !notTaken.some((refusal) => refusal === answer.refusal));
    if (isSet) known = isUnknown ? '' : attempt;
    else if (answer?.kind === 'ok') known = attempt;
  }
  return null;
}
