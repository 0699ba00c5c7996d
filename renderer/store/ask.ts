import { createContext, use } from 'react';
import type { RequestInput, RequestName } from '../../shared/contract/api.ts';
import type { Client } from '../client/client.ts';
import { useRun } from './run.ts';
import { askWho, dismissRefusalsOf, notify } from './ui.ts';

/** The way to main for everything below the application's root. */
export const ClientContext = createContext<Client | null>(null);

type NamedRequest = {
  [K in RequestName]: RequestInput<K> extends { readonly who: string } ? K : never;
}[RequestName];
type WithoutWho<K extends RequestName> = Omit<RequestInput<K>, 'who'>;

export type Ask = {
  /** Sends a request; a refusal is shown as a notice, until the same is done. Answers the value, or undefined when it was refused. */
  readonly ask: <K extends RequestName>(name: K, input: RequestInput<K>) => Promise<unknown>;
  /** The same for requests that a person answers for: the name is asked for when it is not known yet. */
  readonly askAs: <K extends NamedRequest>(name: K, input: WithoutWho<K>) => Promise<unknown>;
};

/** Hands out the two ways to send a request. */
export function useAsk(): Ask {
  const client = use(ClientContext);
  const ask: Ask['ask'] = async (name, input) => {
    if (client === null) return undefined;
    const reply = await client.request(name, input);
    if (reply.ok) {
      dismissRefusalsOf(name);
      return reply.value;
    }
    notify('bad', reply.message, name);
    return undefined;
  };
  const askAs: Ask['askAs'] = async (name, input) => {
    const who = await askWho();
    if (who === null) return undefined;
    // The name completes the input; the type checker cannot see that Omit and the name make the whole again.
    return ask(name, { ...input, who } as unknown as RequestInput<typeof name>);
  };
  return { ask, askAs };
}

/** Why this window may not change anything now, or null. */
export function useWhyNot(): string | null {
  const role = useRun((state) => state.role);
  const connection = useRun((state) => state.connection);
  if (connection.kind !== 'connected') return 'The cockpit cannot be reached from this window.';
  return role === 'observer' ? 'This window observes; the driver acts.' : null;
}
