import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { whyNoScreen } from '../../main/shells/renderer-files.ts';

test('a screen that is not built is said with what to do, before anything is served', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-screen-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  expect(await whyNoScreen(join(directory, 'dist/../dist'))).toContain(
    `expected index.html in ${directory}/dist. In a checkout run "npm run build" first`,
  );
  writeFileSync(join(directory, 'index.html'), '<!doctype html>');
  expect(await whyNoScreen(directory)).toBeNull();
});
