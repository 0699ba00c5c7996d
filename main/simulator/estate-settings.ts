import type { ServerSettings } from '../../shared/sessions/survey.ts';
import type { Server } from './world.ts';

/** A server's settings as a careful team has them, each server with its own auto_increment offset. */
export function settingsOf(
  flavor: Server['flavor'],
  gtid: boolean,
  increment: { readonly offset: number; readonly masters: number },
): ServerSettings {
  const mariadb = flavor === 'mariadb';
  return {
    logBin: true,
    logReplicaUpdates: true,
    binlogFormat: 'ROW',
    binlogRowImage: 'FULL',
    syncBinlog: 1,
    flushLogAtCommit: 1,
    gtidMode: mariadb || gtid ? 'ON' : 'OFF',
    gtidStrict: mariadb ? false : null,
    gtidIgnoreDuplicates: mariadb ? false : null,
    gtidDomain: mariadb ? 0 : null,
    parallelAppliers: mariadb ? 0 : null,
    autoIncrementIncrement: 10,
    autoIncrementOffset: increment.offset,
    eventScheduler: 'ON',
    readOnly: false,
    superReadOnly: mariadb ? null : false,
    semiSyncEnabled: false,
    semiSyncTimeoutMs: 10_000,
    sqlMode: 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    timeZone: 'UTC',
    characterSet: 'utf8mb4',
    collation: mariadb ? 'utf8mb4_general_ci' : 'utf8mb4_0900_ai_ci',
    lowerCaseTableNames: 0,
    relayLogRecovery: true,
    pidFile: '/run/mysqld/server.pid',
  };
}
