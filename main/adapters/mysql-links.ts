import type { Credential, Plan } from '../../shared/plan/plan.ts';
import type { LinkAccount } from '../../shared/sessions/dialect-links.ts';
import { linkFacts } from '../../shared/sessions/links-of-plan.ts';
import type { Credentials } from './credentials.ts';
import type { LinkBook } from './mysql-conversation.ts';
import { StatementRefused } from './mysql-conversation.ts';

/** The links with real passwords, for a session. */
export function linkBook(plan: Plan, instance: string, credentials: Credentials): LinkBook {
  const facts = linkFacts(plan, instance);
  const resolve = async (reference: Credential | null): Promise<LinkAccount | null> => {
    if (reference === null) return null;
    const resolved = await credentials.resolve(reference);
    if (resolved.kind === 'refused')
      throw new StatementRefused(null, `The replication account cannot be used: ${resolved.message}`);
    return resolved.account;
  };
  return {
    ownChannel: facts.ownChannel,
    words: async (link) => {
      const { words, account } = facts.wordsWith(link);
      return { ...words, account: await resolve(account) };
    },
    startAccount: (input) => resolve(facts.startsWith(input)),
  };
}
