import { bareAccount } from '../sessions/account-names.ts';
import { definerPrivileges } from '../sessions/dialect-grants.ts';
import { dialectOfIdentity } from '../sessions/dialect.ts';
import type { Survey } from '../sessions/survey.ts';
import { on } from './fix.ts';
import type { GateDefinition } from './world.ts';

/** The gate on the events of the plan: behind the promotion it would be too late to find that they cannot be switched on. */
export const enableEvents: readonly GateDefinition[] = [
  {
    id: 'writers.enable-events',
    group: 'writers',
    scope: 'chain',
    title: (chain) =>
      `The cockpit may switch the planned events of ${chain} on at the target, as their own definers.`,
    guards: [],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const [master] = chain.target.masters;
      if (chain.events.length === 0 || master === undefined) return null;
      const { instance } = master;
      const survey = look.survey(instance);
      if (survey === undefined) return look.judgement();
      const dialect = dialectOfIdentity(survey.identity);
      const own = bareAccount(survey.identity.account);
      const ownRights = rightsOf(survey, own);
      const wanted = dialect === null ? [] : definerPrivileges(dialect);
      for (const planned of chain.events) {
        const event = survey.events.find(({ schema, name }) => `${schema}.${name}` === planned);
        look.expect(
          event !== undefined,
          `${instance}: expected planned event ${planned}, which replicates from the source, seen none.`,
          on(
            instance,
            `see why ${planned} did not come by replication, or take it out of events of chain ${chain.id}`,
          ),
        );
        if (event === undefined || bareAccount(event.definer) === own) continue;
        const missing = [
          ...(wanted.some((right) => holds(ownRights, right)) ? [] : wanted.slice(0, 1)),
          // Whoever names a definer that has it must have it too.
          ...(rightsOf(survey, bareAccount(event.definer)).includes('SYSTEM_USER') &&
          !holds(ownRights, 'SYSTEM_USER')
            ? ['SYSTEM_USER']
            : []),
        ];
        look.row(instance, planned, event.definer, missing.length === 0 ? 'none' : missing.join(', '));
        look.expect(
          missing.length === 0,
          `${instance}: expected the right to switch ${planned} on as its definer ${event.definer}, seen ${survey.identity.account} without ${missing.join(', ')}: it would be refused with error 1227 behind the promotion.`,
          on(instance, `GRANT ${missing.join(', ')} ON *.* TO ${survey.identity.account}`),
        );
      }
      return look.judgement('node', 'event', 'definer', 'missing right');
    },
  },
];

function rightsOf({ accounts }: Survey, account: string): readonly string[] {
  return accounts.find((each) => bareAccount(each.account) === account)?.privileges ?? [];
}

function holds(rights: readonly string[], right: string): boolean {
  return rights.includes(right) || rights.includes('ALL PRIVILEGES');
}
