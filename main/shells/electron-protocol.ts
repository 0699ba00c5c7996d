import { protocol } from 'electron';
import { fileHeaders } from './content-policy.ts';
import { readRendererFile } from './renderer-files.ts';

/** The page's own scheme: no file://, so no file of this machine is in reach of the page. */
export const appScheme = 'app';
export const appOrigin = `${appScheme}://cockpit`;

/** Before the app is ready: makes app:// a standard, secure scheme with an origin of its own. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built renderer under app://cockpit/, and nothing else. */
export function serveApp(rendererDirectory: string): void {
  protocol.handle(appScheme, async (request) => {
    const url = new URL(request.url);
    const file =
      url.origin === appOrigin || url.host === 'cockpit'
        ? await readRendererFile(rendererDirectory, url.pathname)
        : null;
    if (file === null) return new Response('There is no such file.', { status: 404, headers: fileHeaders });
    return new Response(file.body, { headers: { ...fileHeaders, 'content-type': file.type } });
  });
}
