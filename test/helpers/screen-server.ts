import type { Push, Reply } from '../../shared/contract/api.ts';
import type { View } from '../../shared/contract/view.ts';
import type { Caller, Dispatcher } from '../../main/shells/dispatch.ts';
import { startWebShell } from '../../main/shells/web-server.ts';
import type { WebShell } from '../../main/shells/web-server.ts';

export type Call = { readonly name: string; readonly input: unknown; readonly role: Caller['role'] };

/** The real web shell over a dispatcher that shows whatever view a test gives it and records what is asked. */
export type ScreenServer = {
  readonly shell: WebShell;
  readonly calls: Call[];
  readonly show: (view: View) => void;
  readonly push: (push: Push extends infer P ? (P extends Push ? Omit<P, 'seq'> : never) : never) => void;
  /** What a request answers from now on; the default is ok with null. */
  readonly answer: (name: string, reply: Reply) => void;
};

/** Starts it on a free port, or on a given one to come back after a loss. */
export async function startScreenServer(
  first: View,
  rendererDirectory: string,
  port = 0,
): Promise<ScreenServer> {
  let view = first;
  let seq = 0;
  const calls: Call[] = [];
  const answers = new Map<string, Reply>();
  const listeners = new Set<(push: Push) => void>();
  const dispatcher: Dispatcher = {
    handle(name, input, caller) {
      if (name === 'view') return Promise.resolve({ ok: true, value: view });
      calls.push({ name, input, role: caller.role });
      return Promise.resolve(answers.get(name) ?? { ok: true, value: null });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const shell = await startWebShell({ dispatcher, rendererDirectory, port });
  const push: ScreenServer['push'] = (message) => {
    seq += 1;
    const full = { ...message, seq } as Push;
    for (const listener of listeners) listener(full);
  };
  return {
    shell,
    calls,
    push,
    show(next) {
      view = next;
      push({ kind: 'view', view: next });
    },
    answer: (name, reply) => answers.set(name, reply),
  };
}
