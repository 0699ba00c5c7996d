import { createInterface } from 'node:readline';
import { clientConfigSchema } from '../adapters/client-config.ts';
import { never } from '../../shared/lib/assert.ts';
import { writeThroughPath } from './http-writer.ts';
import { writeToBothSides } from './mysql-writer.ts';
import { openWriteLog } from './write-log.ts';

/**
 * A synthetic client: a process of its own that stands for one application or one user. Its first line of input is its
 * configuration; it says `ready` once its log is open, writes until its input ends, and then ends by itself. So it never
 * outlives the cockpit, and Ctrl-C in the cockpit's terminal, which means *Abort* there, does not stop the measuring.
 */
const stop = new AbortController();
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => stop.abort());

const lines = createInterface({ input: process.stdin });
lines.on('close', () => stop.abort());
lines.once('line', (line) => {
  run(line).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run(line: string): Promise<void> {
  const config = parseConfig(line);
  const log = openWriteLog(config.logFile);
  process.stdout.write('ready\n');
  switch (config.kind) {
    case 'http':
      await writeThroughPath(config, log, stop.signal);
      break;
    case 'mysql':
      await writeToBothSides(config, log, stop.signal);
      break;
    default:
      never(config, 'client');
  }
  log.close();
}

function parseConfig(line: string): ReturnType<typeof clientConfigSchema.parse> {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    // The parser's own message quotes the text, and the text holds the password.
    throw new Error('unusable configuration: not JSON');
  }
  const parsed = clientConfigSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  // Only the places: the values may be secrets.
  throw new Error(
    `unusable configuration at ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
  );
}
