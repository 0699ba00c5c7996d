import { join } from 'node:path';
import { defineConfig } from 'vite';

const root = join(import.meta.dirname, '../../..');

// One CommonJS file: a sandboxed preload can load nothing else, so what it takes from shared/contract is bundled in.
export default defineConfig({
  root,
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: join(root, 'preload/index.ts'),
    outDir: join(root, 'dist/preload'),
    emptyOutDir: true,
    target: 'chrome138',
    minify: false,
    rolldownOptions: {
      external: ['electron'],
      output: { format: 'cjs', entryFileNames: 'index.cjs' },
    },
  },
});
