import { chainNodes, sourceMasters } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import { bareAccount, userOfAccount } from '../sessions/account-names.ts';
import type { Account, Survey } from '../sessions/survey.ts';
import { on } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'writers';
const systemSchemas = ['mysql', 'sys', 'information_schema', 'performance_schema'];

/** Gates on accounts: those that pass read_only, what runs with their rights, and definers that the target lacks. */
export const accounts: readonly GateDefinition[] = [
  {
    id: 'writers.bypass',
    group,
    scope: 'chain',
    title: (chain) => `Every account that can write to ${chain} despite read_only is known and accepted.`,
    guards: ['I1', 'I2'],
    overridable: false,
    blocking: true,
    judge: ({ plan }, chain, look) => {
      for (const instance of chainNodes(chain).map((node) => node.instance)) {
        const found = bypassing(chain, instance, look);
        if (found === undefined) continue;
        const { flavor, unaccepted, accepted } = found;
        // MySQL: super_read_only stops these accounts too. MariaDB has no such thing before 12.0.
        if (flavor === 'mysql') look.warnOnly();
        const live = look.activity(instance)?.sessions ?? [];
        const threadsOf = ({ account }: Account): readonly number[] =>
          live.filter(({ user }) => user === userOfAccount(account)).map(({ thread }) => thread);
        for (const account of accepted) {
          const threads = threadsOf(account);
          look.row(instance, account.account, 'accepted', threads.length === 0 ? 'none' : threads.join(', '));
          look.note(
            `${instance}: ${account.account} passes read_only, ${threads.length} live sessions; ${atTheFence[chain.bypassWriters]}.`,
          );
        }
        for (const account of unaccepted) {
          const threads = threadsOf(account);
          look.row(
            instance,
            account.account,
            account.throughRoles.length === 0 ? 'own' : `through ${account.throughRoles.join(', ')}`,
            threads.length === 0 ? 'none' : threads.join(', '),
          );
          look.expect(
            false,
            `${instance}: expected no unknown account that passes read_only, seen ${account.account}${account.throughRoles.length === 0 ? '' : ` through ${account.throughRoles.join(', ')}`}, ${threads.length === 0 ? 'no live session' : `live sessions ${threads.join(', ')}`}.`,
            on(
              instance,
              `${revoke(flavor, account)} (and KILL its sessions: a REVOKE does not reach them), or add "${account.account}" to bypassAccounts of chain ${chain.id} in plan ${plan.name}`,
            ),
          );
        }
      }
      return look.judgement('node', 'account', 'right', 'live sessions');
    },
  },
  {
    id: 'writers.locks',
    group,
    scope: 'chain',
    title: (chain) => `The cockpit may lock the accounts of ${chain} that the plan locks for the minute.`,
    guards: ['I2', 'I3'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      if (chain.bypassWriters !== 'lock') return null;
      for (const { instance } of chainNodes(chain).filter(({ side }) => side === 'source')) {
        const survey = look.survey(instance);
        const found = bypassing(chain, instance, look);
        if (survey === undefined || found === undefined) continue;
        const own = survey.accounts.find(
          ({ account }) => bareAccount(account) === bareAccount(survey.identity.account),
        );
        const needed = rightsToLock(found);
        const missing = needed.filter(
          (right) =>
            own?.privileges.includes(right) !== true && own?.privileges.includes('ALL PRIVILEGES') !== true,
        );
        look.expect(
          missing.length === 0,
          `${instance}: expected the right to lock ${found.accepted.map(({ account }) => account).join(', ')} for the minute, seen ${survey.identity.account} without ${missing.join(', ')}.`,
          on(instance, `GRANT ${missing.join(', ')} ON *.* TO ${survey.identity.account}`),
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'writers.definers',
    group,
    scope: 'chain',
    title: (chain) =>
      `No routine, trigger, view or event of ${chain} runs with the rights of an account that passes read_only.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const instance of sourceMasters(chain)) {
        const survey = look.survey(instance);
        if (survey === undefined) continue;
        if (survey.identity.flavor === 'mysql') look.warnOnly();
        const bypass = new Set(
          survey.accounts
            .filter((account) => account.bypassesReadOnly)
            .map(({ account }) => bareAccount(account)),
        );
        const accepted = new Set(chain.bypassAccounts.map(bareAccount));
        for (const object of applicationDefiners(survey)) {
          const definer = bareAccount(object.definer);
          if (!bypass.has(definer) || accepted.has(definer)) continue;
          look.row(instance, object.kind, `${object.schema}.${object.name}`, object.definer);
          look.expect(
            false,
            `${instance}: expected ${object.kind.toLowerCase()} ${object.schema}.${object.name} with a plain definer, seen ${object.definer}, which passes read_only: whoever calls it writes behind the fence.`,
            on(
              instance,
              `recreate ${object.schema}.${object.name} with DEFINER = <a plain account> or SQL SECURITY INVOKER`,
            ),
          );
        }
      }
      return look.judgement('node', 'kind', 'object', 'definer');
    },
  },
  {
    id: 'writers.definers-on-target',
    group,
    scope: 'chain',
    title: (chain) => `Every definer that ${chain} uses exists on its target masters.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      const used = new Map<string, string>();
      for (const instance of sourceMasters(chain)) {
        for (const object of definersOf(instance, look))
          used.set(bareAccount(object.definer), `${object.schema}.${object.name}`);
      }
      for (const { instance } of chain.target.masters) {
        const survey = look.survey(instance);
        if (survey === undefined) continue;
        const there = new Set(survey.accounts.map(({ account }) => bareAccount(account)));
        for (const [definer, object] of used) {
          // The applier does not mind; after promotion every use of the object fails with error 1449.
          look.expect(
            there.has(definer),
            `${instance}: expected account ${definer}, the definer of ${object}, seen none.`,
            on(
              instance,
              `create account ${definer} on the source so that it replicates, or recreate ${object} with another definer`,
            ),
          );
        }
      }
      return look.judgement();
    },
  },
];

type Bypassing = {
  readonly flavor: 'mysql' | 'mariadb';
  readonly unaccepted: readonly Account[];
  /** Named by the plan, and not the cockpit's own. */
  readonly accepted: readonly Account[];
};

/** What the plan does with accounts that it accepts, in words. */
const atTheFence: Readonly<Record<Chain['bypassWriters'], string>> = {
  lock: 'locked for the minute, its sessions ended',
  'end-sessions': 'its sessions are ended at the fence, and one that comes back ends the run',
  accept: 'its sessions are ended at the fence; it may come back, and a write of its ends the run',
};

function bypassing(chain: Chain, instance: string, look: Look): Bypassing | undefined {
  const survey = look.survey(instance);
  const identity = look.identity(instance);
  if (survey === undefined || identity === undefined) return undefined;
  const own = [identity.account, survey.identity.account].map(bareAccount);
  const named = chain.bypassAccounts.map(bareAccount);
  const passing = survey.accounts.filter(
    ({ account, bypassesReadOnly, locked }) =>
      bypassesReadOnly && !locked && !own.includes(bareAccount(account)),
  );
  return {
    flavor: identity.flavor,
    unaccepted: passing.filter(({ account }) => !named.includes(bareAccount(account))),
    accepted: passing.filter(({ account }) => named.includes(bareAccount(account))),
  };
}

/** MySQL's SYSTEM_USER: whoever has it is changed only by another who has it. Unlogged statements need BINLOG ADMIN on MariaDB. */
function rightsToLock({ flavor, accepted }: Bypassing): readonly string[] {
  if (accepted.length === 0) return [];
  if (flavor === 'mariadb') return ['CREATE USER', 'BINLOG ADMIN'];
  const system = accepted.some(({ privileges }) => privileges.includes('SYSTEM_USER'));
  return ['CREATE USER', ...(system ? ['SYSTEM_USER'] : [])];
}

function definersOf(instance: string, look: Look): ReturnType<typeof applicationDefiners> {
  const survey = look.survey(instance);
  return survey === undefined ? [] : applicationDefiners(survey);
}

function applicationDefiners(survey: Survey): Survey['definers'] {
  return survey.definers.filter(({ schema }) => !systemSchemas.includes(schema.toLowerCase()));
}

function revoke(flavor: Bypassing['flavor'], account: Account): string {
  const passing =
    flavor === 'mysql' ? ['SUPER', 'CONNECTION_ADMIN'] : ['READ_ONLY ADMIN', 'READ ONLY ADMIN', 'SUPER'];
  const held = account.privileges.filter((privilege) => passing.includes(privilege));
  return account.throughRoles.length > 0
    ? `REVOKE ${account.throughRoles.join(', ')} FROM ${account.account};`
    : `REVOKE ${(held.length === 0 ? passing.slice(0, 1) : held).join(', ')} ON *.* FROM ${account.account};`;
}
