import type { Bridge } from '../../shared/contract/channels.ts';
import type { Client } from './client.ts';
import { parsePush, parseReply } from './client.ts';

/** The client over the preload's two functions. The window lives in the same program as main: it is never lost. */
export function electronClient(bridge: Bridge): Client {
  return {
    async request(name, input) {
      try {
        return parseReply(await bridge.request(name, input));
      } catch (error) {
        return { ok: false, message: error instanceof Error ? error.message : 'The cockpit did not answer.' };
      }
    },
    start({ push, connection }) {
      const end = bridge.subscribe((message) => {
        const parsed = parsePush(message);
        if (parsed !== null) push(parsed);
      });
      connection({ kind: 'connected', role: 'driver' });
      return end;
    },
  };
}
