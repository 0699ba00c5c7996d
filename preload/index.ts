import { contextBridge, ipcRenderer } from 'electron';
import { channels } from '../shared/contract/channels.ts';
import type { Bridge } from '../shared/contract/channels.ts';

/**
 * The narrow door: two functions over two fixed channels. No event object, no channel name and nothing of ipcRenderer
 * reaches the page; main checks who asks, and parses what is asked.
 */
const bridge: Bridge = {
  request: (name, input) => ipcRenderer.invoke(channels.request, name, input),
  subscribe: (push) => {
    const hear = (_event: unknown, message: unknown) => push(message);
    ipcRenderer.on(channels.push, hear);
    return () => {
      ipcRenderer.removeListener(channels.push, hear);
    };
  },
};

contextBridge.exposeInMainWorld(channels.bridge, bridge);
