import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { steps, type CrashWay } from './cells.ts';

/**
 * `node crash-child.ts PLAN STEP crash-before|crash-torn|crash-after`: the cockpit on a real plan, killed as by a power cut
 * at the record of its journal that begins a step (before it is written, or with half of it written), or at the one that
 * ends the step, just when it is written. Exit code 3: it could not begin, or ended without that record, and says why.
 */
const [planFile = '', step = '', way = ''] = process.argv.slice(2);
/** How long a run that has an outcome may still come to the record that is waited for, ms. */
const afterwardsMs = 15_000;
const wholeWrite = fs.writeSync;
const states: { readonly [W in CrashWay]: string } = {
  'crash-before': 'running|done|absent',
  'crash-torn': 'running|done|absent',
  'crash-after': 'done|absent',
};
const wanted = new RegExp(`"${step}(:[^" ]+)? (${states[way as CrashWay]})"`);
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before the next statement runs; nothing may follow it.
  for (;;);
};

fs.writeSync = function writeSync(fd: number, data: string | NodeJS.ArrayBufferView, ...rest: never[]) {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = bytes.toString();
  if (!text.includes('"kind":"event"') || !wanted.test(text)) return wholeWrite(fd, data as string, ...rest);
  if (way === 'crash-torn') wholeWrite(fd, bytes.subarray(0, Math.floor(bytes.length / 2)));
  if (way === 'crash-after') wholeWrite(fd, bytes);
  die();
  return 0;
} as typeof fs.writeSync;
syncBuiltinESMExports();

const end = (why: string): never => {
  process.stderr.write(`${why}\n`);
  process.exit(3);
};

try {
  const known = steps.find((each) => each === step);
  if (known === undefined) throw new Error(`there is no step ${step}`);
  const { askOnTheWay, openCockpit, released } = await import('./begin.ts');
  const night = await released(await openCockpit(planFile, (ports) => ports));
  askOnTheWay(night, known);
  night.runner()?.onChange((run) => {
    if (run.outcome === null) return;
    // What comes after the outcome, such as Close, has a while to be recorded.
    setTimeout(() => end(`the run ended as ${run.outcome}: ${run.abortReason ?? ''}`), afterwardsMs);
  });
} catch (error) {
  end(error instanceof Error ? error.message : String(error));
}
