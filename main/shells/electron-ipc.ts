import { ipcMain } from 'electron';
import type { IpcMainInvokeEvent, WebContents } from 'electron';
import type { Reply } from '../../shared/contract/api.ts';
import { channels } from '../../shared/contract/channels.ts';
import type { Dispatcher } from './dispatch.ts';
import { appScheme } from './electron-protocol.ts';

/** Whether a message comes from the top frame of our own window, showing our own page. */
function isOurs(event: IpcMainInvokeEvent, page: WebContents): boolean {
  const frame = event.senderFrame;
  if (event.sender !== page || frame === null || frame !== page.mainFrame) return false;
  const url = new URL(frame.url);
  return url.protocol === `${appScheme}:` && url.host === 'cockpit';
}

/** Joins one window to the dispatcher as the driver. Answers how to take it off again. */
export function connectIpc(page: WebContents, dispatcher: Dispatcher): () => void {
  ipcMain.handle(channels.request, async (event, name: unknown, input: unknown): Promise<Reply> => {
    if (!isOurs(event, page))
      return { ok: false, message: 'Refused: only the cockpit’s own window may ask.' };
    if (typeof name !== 'string') return { ok: false, message: 'Refused: a request has a name.' };
    return dispatcher.handle(name, input, { role: 'driver' });
  });
  const stop = dispatcher.subscribe((push) => {
    if (!page.isDestroyed()) page.send(channels.push, push);
  });
  return () => {
    stop();
    ipcMain.removeHandler(channels.request);
  };
}
