import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'vite';

const root = join(import.meta.dirname, '../../..');
// The synthetic client is a program of its own: the cockpit starts it as a process.
const entries = ['electron', 'web', 'cli', 'clients/client'].filter((name) =>
  existsSync(join(root, `main/${name}.ts`)),
);

// Packages stay outside the bundle: ssh2 loads its native parts by path, and production dependencies ship in node_modules.
export default defineConfig({
  root,
  publicDir: false,
  build: {
    ssr: true,
    outDir: join(root, 'dist/main'),
    emptyOutDir: true,
    target: 'node24',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(entries.map((name) => [basename(name), join(root, `main/${name}.ts`)])),
      external: ['electron'],
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
});
