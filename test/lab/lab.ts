import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { doorUrl } from './app-hosts.ts';
import { missingFor } from './flavors.ts';
import { readState, stateHome } from './lab-state.ts';
import { startLoad } from './load.ts';
import { serveRoute53 } from './lab-route53.ts';
import { describeLab, printLab } from './lab-status.ts';
import { ownPlanFile } from './plan-for-lab.ts';
import { allSpecs, linkTarget, makeCurrent, openLab, reviveLab, startLab, stopLab } from './start-lab.ts';
import { isAlive } from './processes.ts';
import { defaultBasePort, type Flavor } from './topology.ts';

/** `npm run lab -- up|down|status|route53`: the reference case on real servers of this machine. */

const usage = `usage: npm run lab -- up|down|status|route53 [--flavor mariadb|mysql] [--gtid on|off] [--dir DIR] [--base-port N] [--json]
                                    [--writers N] [--per-second M] [--seconds S]

  up      two chains of five servers, an sshd per host, the application behind HAProxy, a Route 53 with the zones
          of the plan; brings back what has ended
          and, for an hour or S seconds, N writers a chain (4; 0: none) on both co-masters, M writes a second each (5)
  down    ends every process of the lab and removes its files
  status  what runs, what follows what, and who takes writes
  route53 PLAN  a Route 53 of one's own with the zones of a plan as they are today, until it is interrupted`;

const defaultPlan = 'resources/plans/reference.lab.yaml';

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const verb = positionals[0];
  if (verb === 'route53')
    return serveRoute53(positionals[1] ?? defaultPlan, (value, words) => say(values.json, value, words));
  const flavor = flavorOf(values.flavor);
  const named = values.dir === undefined ? null : resolve(values.dir);
  // Without a name `down` and `status` mean the lab the plan file means.
  const current = values.flavor === undefined ? linkTarget() : null;
  const dir = named ?? (verb === 'up' ? null : current) ?? join(stateHome(), flavor);
  if (verb === 'up') return up({ flavor, dir, named, values });
  if (verb === 'down') {
    const was = readState(dir);
    await stopLab(dir);
    say(
      values.json,
      { dir, stopped: was !== null },
      was === null ? `No lab in ${dir}.` : `The ${was.flavor} lab is down.`,
    );
    return 0;
  }
  if (verb !== 'status') throw new UsageError(`what to do with the lab? ${verb ?? ''}`);
  return status(dir, values.json);
}

type Values = ReturnType<typeof readArguments>['values'];

async function up(at: {
  readonly flavor: Flavor;
  readonly dir: string;
  readonly named: string | null;
  readonly values: Values;
}): Promise<number> {
  const { flavor, dir, named, values } = at;
  const gtid = values.gtid === 'off' ? 'off' : 'on';
  const found = readState(dir);
  const begun = performance.now();
  if (found !== null && (found.flavor !== flavor || found.gtid !== gtid))
    throw new UsageError(
      `there is a ${found.flavor} lab with GTID ${found.gtid} in ${dir}: take it down first`,
    );
  if (found === null) {
    const missing = missingFor(flavor);
    if (missing.length > 0)
      throw new UsageError(`this machine lacks ${missing.join(', ')} for a ${flavor} lab`);
    const other = linkTarget();
    const state = other === null || other === dir ? null : readState(other);
    const clash =
      state !== null && named === null && allSpecs(state).some((spec) => isAlive(state.processes[spec.name]));
    if (clash)
      throw new UsageError(`the ${state.flavor} lab is up on the same ports: \`npm run lab -- down\` first`);
    const lab = await startLab({ flavor, gtid, dir, ports: basePort(values['base-port']) });
    const writers = countOf('--writers', values.writers);
    const perSecond = countOf('--per-second', values['per-second']);
    const seconds = countOf('--seconds', values.seconds);
    if (writers > 0) startLoad(lab.state(), { writers, perSecond, seconds, follow: true });
  }
  const revived = found === null ? [] : await reviveLab(dir);
  makeCurrent(dir);
  const lab = openLab(dir);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const done =
    found === null
      ? `up in ${seconds} s`
      : revived.length === 0
        ? 'up already'
        : `up again: ${revived.join(', ')}`;
  const same = gtid === 'on' && lab.port('orders-a1') === defaultBasePort + 1;
  say(
    values.json,
    await describeLab(lab),
    `The ${flavor} lab is ${done}: ${lab.state().version}\nDirectory ${dir}, application ${doorUrl(lab.state(), 'us-east-1')}/orders\nThe plan for it: ${ownPlanFile(dir)}${same ? ' (the same as resources/plans/reference.lab.yaml)' : ''}\nStop it with \`npm run lab -- down\`.`,
  );
  return 0;
}

async function status(dir: string, json: boolean | undefined): Promise<number> {
  if (readState(dir) === null) {
    say(json, { dir, up: false }, `No lab in ${dir}.`);
    return 1;
  }
  const report = await describeLab(openLab(dir));
  say(json, report, printLab(report));
  return report.up ? 0 : 1;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        flavor: { type: 'string' },
        gtid: { type: 'string' },
        dir: { type: 'string' },
        'base-port': { type: 'string' },
        writers: { type: 'string', default: '4' },
        'per-second': { type: 'string', default: '5' },
        seconds: { type: 'string', default: '3600' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function flavorOf(text: string | undefined): Flavor {
  if (text === undefined || text === 'mariadb') return 'mariadb';
  if (text === 'mysql') return 'mysql';
  throw new UsageError(`no flavour ${text}: mariadb or mysql`);
}

function basePort(text: string | undefined): number {
  const port = Number(text ?? defaultBasePort);
  if (!Number.isInteger(port) || port < 1024 || port > 65_000)
    throw new UsageError(`no port to begin at: ${text}`);
  return port;
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new UsageError(`${option} ${text}: expected a whole number`);
  return count;
}

function say(json: boolean | undefined, value: unknown, words: string): void {
  console.log(json === true ? JSON.stringify(value) : words);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) console.error(usage);
  process.exitCode = 1;
}
