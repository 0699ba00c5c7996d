import type { ModelServer } from './model-servers.ts';
import type { Script } from './answering-world.ts';

/** Changes the world, once, just before a command with that in its key is answered. */
export const when = (part: string, change: (model: Parameters<Script>[1]) => void): Script => {
  let changed = false;
  return ({ command }, model) => {
    if (!changed && command.key.includes(part)) {
      changed = true;
      change(model);
    }
    return undefined;
  };
};

/** One change of one server. */
export const at =
  (instance: string, change: (server: ModelServer) => void) => (model: Parameters<Script>[1]) => {
    const server = model.servers.get(instance);
    if (server !== undefined) change(server);
  };
