import { chainNodes } from '../observations/plan-nodes.ts';
import { on } from './fix.ts';
import type { GateDefinition } from './world.ts';

/** The gate on the cockpit's own rights: each statement class of the run was tried in a harmless form. */
export const grants: readonly GateDefinition[] = [
  {
    id: 'right-servers.grants',
    group: 'right-servers',
    scope: 'chain',
    title: (chain) => `The cockpit's accounts may do on ${chain} what the run will ask of them.`,
    guards: ['I3'],
    overridable: false,
    blocking: true,
    judge: ({ snapshot }, chain, look) => {
      for (const { instance, role } of chainNodes(chain)) {
        // Slaves and replicas are only read; what was tried there counts, what was not tried is not asked for.
        if (role !== 'master' && snapshot.instances[instance]?.grants.kind !== 'known') continue;
        const tried = look.grants(instance);
        if (tried === undefined) continue;
        if (tried.length === 0) look.unclear(`grants tried of ${instance}: none was tried`);
        for (const grant of tried.filter(({ granted }) => !granted)) {
          look.row(
            instance,
            grant.need,
            grant.statement,
            grant.errorNumber === null
              ? (grant.message ?? '')
              : `${grant.errorNumber}: ${grant.message ?? ''}`,
          );
          look.expect(
            false,
            `${instance}: expected the right to ${grant.need}, seen ${grant.errorNumber === null ? 'a refusal' : `error ${grant.errorNumber}`}${grant.message === null ? '' : `: ${grant.message}`}.`,
            on(instance, grant.fix),
          );
        }
        look.note(`${instance}: ${tried.length} statement classes tried.`);
      }
      return look.judgement('node', 'need', 'statement', 'answer');
    },
  },
];
