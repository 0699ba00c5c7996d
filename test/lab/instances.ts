import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstStatements } from './accounts.ts';
import { copyCertificates } from './certificates.ts';
import { optionsOf, serverArgv, templateOf } from './flavors.ts';
import { innerDir, instanceDir, membersIn, readState, type LabState } from './lab-state.ts';
import { isAlive, startProcess, type ProcessSpec } from './processes.ts';
import { asRoot, eventually } from './sql.ts';
import type { Member } from './topology.ts';

/** The ten database servers: made from a template, started, given their accounts. */

/** How an instance's server is started, the first time and after every crash. */
export function serverSpec(state: LabState, member: Member): ProcessSpec {
  const [command, ...args] = serverArgv(state.flavor);
  return {
    name: member.id,
    argv: [command, ...args, `--defaults-file=${innerDir(state, member.id)}/my.cnf`],
    logFile: join(instanceDir(state, member.id), 'stdout.log'),
  };
}

/** Makes all instances and waits until each answers; none replicates yet, all are writable. */
export async function createInstances(state: LabState): Promise<void> {
  const template = templateOf(state.flavor, state.version);
  for (const member of membersIn(state)) {
    const here = instanceDir(state, member.id);
    mkdirSync(join(here, 'conf.d'), { recursive: true, mode: 0o700 });
    execFileSync('cp', ['-a', '--reflink=auto', '--sparse=always', template, join(here, 'data')]);
    copyCertificates(state.dir, here);
    // Its first statements write. Said on its command line, that would have the last word over the file of a fence too.
    writeFileSync(join(here, 'my.cnf'), optionsOf(state, member, 'first'), { mode: 0o600 });
    writeFileSync(join(here, 'first.sql'), firstStatements(state.dir, state.flavor), { mode: 0o600 });
    startProcess(state, serverSpec(state, member), [`--init-file=${innerDir(state, member.id)}/first.sql`]);
  }
  for (const member of membersIn(state)) {
    await serverAnswers(state, member.id);
    writeFileSync(join(instanceDir(state, member.id), 'my.cnf'), optionsOf(state, member, 'again'), {
      mode: 0o600,
    });
    // It holds passwords and is of no more use.
    rmSync(join(instanceDir(state, member.id), 'first.sql'));
  }
}

/** Waits until a server answers; when it has died instead, its error log says why. */
export async function serverAnswers(state: LabState, id: string): Promise<void> {
  await eventually(`${id} answers`, 60_000, () =>
    asRoot(state, id, 'SELECT 1 FROM shop.writes LIMIT 0'),
  ).catch((error: unknown) => {
    const log = join(instanceDir(state, id), 'error.log');
    const alive = isAlive(readState(state.dir)?.processes[id]);
    const tail = existsSync(log)
      ? readFileSync(log, 'utf8').split('\n').slice(-8).join('\n')
      : 'no error log';
    throw new Error(
      `${error instanceof Error ? error.message : String(error)} (${alive ? 'running' : 'ended'})\n${tail}`,
    );
  });
}
