import { readFile, realpath } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export type RendererFile = { readonly type: string; readonly body: Buffer<ArrayBuffer> };

/** Reads one file of the built renderer; null for everything that is not plainly a file below that directory. */
export async function readRendererFile(directory: string, urlPath: string): Promise<RendererFile | null> {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (path.includes('\0') || path.includes('\\') || path.split('/').includes('..') || path.includes('%'))
    return null;
  const file = normalize(join(directory, path === '/' ? 'index.html' : path));
  const type = types[extname(file)];
  if (type === undefined) return null;
  try {
    // The real path, so that a link inside the directory cannot lead out of it.
    const real = await realpath(file);
    if (!real.startsWith((await realpath(directory)) + sep)) return null;
    return { type, body: await readFile(real) };
  } catch {
    return null;
  }
}

/** Why nothing can be shown from there, and what to do; null: the screen is built. */
export async function whyNoScreen(directory: string): Promise<string | null> {
  if ((await readRendererFile(directory, '/')) !== null) return null;
  return `The screen is not built: expected index.html in ${normalize(directory)}. In a checkout run "npm run build" first, or "npm start -- PLAN", which builds what is missing.`;
}
