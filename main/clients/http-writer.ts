import { idPrefix } from '../adapters/client-config.ts';
import type { HttpConfig } from '../adapters/client-config.ts';
import { httpPath } from '../adapters/http-path.ts';
import type { HttpEnd } from '../adapters/http-path.ts';
import type { ClientWrite } from '../../shared/observations/client-log.ts';
import { nowUtcMs, pause } from './client-clock.ts';
import type { WriteLog } from './write-log.ts';

/** A user of the application: writes through the plan's real path without pause and reads each acknowledged write back. */
export async function writeThroughPath(
  config: HttpConfig,
  log: WriteLog,
  stopped: AbortSignal,
): Promise<void> {
  const path = httpPath(config);
  const begun = Math.trunc(nowUtcMs()).toString(36);
  for (let n = 1; !stopped.aborted; n += 1) {
    const id = `${idPrefix(config.client)}${begun}p${n}`;
    const startedAt = nowUtcMs();
    const end = await path.write(id, config.limitMs);
    const endedAt = nowUtcMs();
    const outcome = httpOutcome(end);
    const read = outcome === 'acknowledged' ? readBackOf(await path.read(id, config.limitMs)) : undefined;
    log.append({
      client: config.client,
      chain: config.chain,
      id,
      side: 'path',
      startedAt,
      endedAt,
      outcome,
      ...(read === undefined ? {} : { readBack: read }),
      ...(outcome === 'acknowledged' ? {} : { why: end.kind === 'status' ? String(end.status) : end.why }),
    });
    await pause(config.intervalMs - (nowUtcMs() - startedAt), stopped);
  }
  path.close();
}

/** 200 acknowledges and 503 refuses, as the plan's contract with the application says; all else is unknown. */
export function httpOutcome(end: HttpEnd): ClientWrite['outcome'] {
  if (end.kind !== 'status') return 'unknown';
  return end.status === 200 ? 'acknowledged' : end.status === 503 ? 'refused' : 'unknown';
}

function readBackOf(end: HttpEnd): 'found' | 'absent' | 'failed' {
  if (end.kind !== 'status') return 'failed';
  return end.status === 200 ? 'found' : end.status === 404 ? 'absent' : 'failed';
}
