// Starts main as Electron would: reads the package's main, hands it this folder's `electron`, then becomes ready.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listenForTest } from './control.ts';
import { app } from './electron-module.ts';

const folder = resolve(process.argv[2] ?? '.');
const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly main: string };
process.argv = [join(import.meta.dirname, 'electron'), ...process.argv.slice(2)];

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: pathToFileURL(join(import.meta.dirname, 'electron-module.ts')).href, shortCircuit: true }
      : next(specifier, context),
});

const socketFile = process.env['ELECTRON_DOUBLE_SOCKET'];
if (socketFile !== undefined) listenForTest(socketFile);
await import(pathToFileURL(join(folder, main)).href);
app.becomeReady();
