import { channels } from '../../shared/contract/channels.ts';
import type { Bridge } from '../../shared/contract/channels.ts';
import type { Client } from './client.ts';
import { electronClient } from './electron.ts';
import { webClient } from './web.ts';

function isBridge(value: unknown): value is Bridge {
  return typeof value === 'object' && value !== null && 'request' in value && 'subscribe' in value;
}

/** The preload's door where there is one, otherwise the web shell. */
export function pickClient(): Client {
  const bridge: unknown = Reflect.get(window, channels.bridge);
  return isBridge(bridge) ? electronClient(bridge) : webClient();
}
