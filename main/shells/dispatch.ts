import type { z } from 'zod';
import type { Push, Reply, RequestInput, RequestName } from '../../shared/contract/api.ts';
import { requests } from '../../shared/contract/api.ts';
import { refusals } from '../../shared/contract/errors.ts';

export type Caller = { readonly role: 'driver' | 'observer' };

/** One function per request of the contract: a new request does not compile until it is handled. */
export type Handlers = { readonly [K in RequestName]: (input: RequestInput<K>) => Promise<Reply> };

/** What both shells carry: everything that comes in is unknown until it was parsed here. */
export type Dispatcher = {
  readonly handle: (name: string, input: unknown, caller: Caller) => Promise<Reply>;
  readonly subscribe: (push: (message: Push) => void) => () => void;
};

function isRequestName(name: string): name is RequestName {
  // hasOwn, because "constructor" and "__proto__" are names too.
  return Object.hasOwn(requests, name);
}

/** Where the first mistake is, by path only: a value may be a secret somebody pasted into the wrong field. */
function whereWrong(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown reason';
  const path = issue.path.map(String).join('.');
  return issue.code === 'unrecognized_keys'
    ? 'unknown keys'
    : `${path === '' ? 'the whole input' : path}: ${issue.code}`;
}

async function run<K extends RequestName>(handlers: Handlers, name: K, input: unknown): Promise<Reply> {
  const parsed = requests[name].input.safeParse(input);
  if (!parsed.success) return { ok: false, message: refusals.badInput(name, whereWrong(parsed.error)) };
  try {
    // The table ties each schema to its handler's input; the type checker cannot follow that through a union of keys.
    return await handlers[name](parsed.data as RequestInput<K>);
  } catch (error) {
    return {
      ok: false,
      message: refusals.failed(name, error instanceof Error ? error.message : 'unknown reason'),
    };
  }
}

/** Joins the handlers to the contract: name known, caller allowed, input parsed, then one handler. */
export function createDispatcher(handlers: Handlers, subscribe: Dispatcher['subscribe']): Dispatcher {
  return {
    subscribe,
    async handle(name, input, caller) {
      if (!isRequestName(name)) return { ok: false, message: refusals.unknownRequest(name.slice(0, 60)) };
      if (requests[name].mutates && caller.role !== 'driver')
        return { ok: false, message: refusals.observer };
      return run(handlers, name, input);
    },
  };
}
