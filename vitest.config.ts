import react from '@vitejs/plugin-react';
import { configDefaults, defineConfig } from 'vitest/config';

// Real servers and a real browser: slow, and run only where those are present. Servers mostly wait, so that two labs share
// a machine well; a browser does not.
const lab = ['test/lab/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/**/*.lab.test.ts'];
const e2e = ['test/e2e/**/*.test.ts'];
// The same suites over the simulator need no server.
const conformanceInSimulator = 'test/conformance/**/*simulator*.test.ts';
const renderer = 'test/renderer/**/*.test.{ts,tsx}';
const excluded = [...configDefaults.exclude, 'test/bench/**'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          // The simulator's conformance files are listed again below, because an exclude always wins.
          exclude: [
            ...excluded,
            renderer,
            'test/lab/**',
            'test/conformance/**',
            'test/e2e/**',
            '**/*.lab.test.ts',
          ],
          // Modules keep no state that a test could leave behind; loading them for each file anew is half of the time.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: [conformanceInSimulator],
          exclude: excluded,
          testTimeout: 30_000,
        },
      },
      {
        plugins: [react()],
        test: {
          name: 'renderer',
          include: [renderer],
          exclude: excluded,
          environment: 'happy-dom',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: lab,
          exclude: [...excluded, conformanceInSimulator],
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: e2e,
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
