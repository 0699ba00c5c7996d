import type { AppFleet } from '../../shared/plan/plan.ts';
import { tunnelLook } from '../../shared/observations/tunnel-status.ts';
import { sha256 } from '../../shared/lib/sha256.ts';
import { fileLookOf, folderOf } from '../../shared/steps/file-looks.ts';
import { mirrorCheck } from '../../shared/steps/mirror-check.ts';
import { mirrorFolder } from '../../shared/steps/mirror-folder.ts';
import { mirrorRuns } from '../../shared/steps/mirror-runs.ts';
import { useSite } from './app-hosts.ts';
import { runSwitch } from './dead-mans-switch.ts';
import { foldersTrouble } from './host-lines.ts';
import { runsIn } from './mirror-file.ts';
import type { AppHost, HostWorld, World } from './world.ts';

/** What a command left behind when it ended. */
export type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** A command that a host has begun: how long it takes, and what it answers once it is through. */
export type Begun = { readonly ms: number; readonly finish: () => Ran };

/** What a host does with a command of the plan; every other command is not there. */
export function begin(world: World, host: HostWorld, argv: readonly string[]): Begun {
  const switched = runSwitch(world, host, argv);
  if (switched !== null) return { ms: 20, finish: () => switched };
  if (argv[0] === 'true' || (argv[0] === 'sh' && argv[3] === mirrorFolder)) return instant(0, '', '');
  if (argv[0] === 'sh' && argv[3] === mirrorCheck) return instant(0, '1000000\n', '');
  if (argv[0] === 'sh' && argv[3] === mirrorRuns) return instant(0, runsIn(host, argv[4] ?? ''), '');
  if (argv[0] === 'sh' && argv[3] === tunnelLook) return instant(0, tunnelStatus(world), '');
  const file = looksAtFile(world, host, argv) ?? lookedAt(host, argv);
  if (file !== null) return file;
  const lookup = lookedUp(world, host, argv);
  if (lookup !== null) return lookup;
  const app = world.appHosts.get(host.id);
  const fleet = world.plan.appFleets.find((one) => one.id === app?.fleet);
  if (app === undefined || fleet === undefined)
    return instant(127, '', `${argv[0] ?? ''}: command not found`);
  if (same(argv, fleet.verify)) return instant(0, `${app.siteInUse}\n`, '');
  const failing = host.failing;
  if (failing !== null && failing.times > 0) {
    failing.times -= 1;
    return {
      ms: failing.delayMs,
      finish: () => ({ status: failing.code, stdout: '', stderr: failing.output }),
    };
  }
  const effect = effectOf(world, app, { fleet, argv });
  if (effect === null) return instant(127, '', `${argv[0] ?? ''}: command not found`);
  return {
    ms: world.random.between(25, 110),
    finish: () => {
      effect();
      return { status: 0, stdout: '', stderr: '' };
    },
  };
}

/** A tunnel that is up: OpenVPN has just written its file, and traffic passes. */
function tunnelStatus({ clock }: World): string {
  const seconds = Math.floor(clock.utcMs() / 1_000);
  const bytes = Math.floor(clock.nowMs()) * 100;
  return [
    ...[seconds, seconds, 'OpenVPN CLIENT LIST', 'Updated,now'],
    'Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since',
    ...[`co-location,192.0.2.1:1194,${bytes},${bytes},earlier`, 'ROUTING TABLE', 'END', ''],
  ].join('\n');
}

/** Whether a file or a folder of the plan is there, and whether files may be put into that folder. */
function looksAtFile({ plan }: World, host: HostWorld, argv: readonly string[]): Begun | null {
  const look = fileLookOf(argv);
  if (look === null) return null;
  const { what, path } = look;
  const isFolder = plan.instances.some(
    ({ fenceDropIn }) => fenceDropIn !== undefined && folderOf(fenceDropIn) === path,
  );
  const holds =
    what === 'writable'
      ? foldersTrouble(host, path) === null
      : host.files.has(path) || (isFolder && !host.missingFolders.has(path));
  return instant(holds ? 0 : 1, '', '');
}

/** Whether a file is there, and what is in it, as every host says it. */
function lookedAt({ files }: HostWorld, argv: readonly string[]): Begun | null {
  const path = argv.at(-1) ?? '';
  if (argv[0] === 'test') return instant(files.has(path) === (argv[1] !== '!') ? 0 : 1, '', '');
  if (argv[0] !== 'sha256sum') return null;
  const content = files.get(path);
  return content === undefined
    ? instant(1, '', `sha256sum: ${path}: No such file or directory`)
    : instant(0, `${sha256(content)}  ${path}\n`, '');
}

/** A name as the host's own system looks it up, and which server it asks. */
function lookedUp(world: World, host: HostWorld, argv: readonly string[]): Begun | null {
  if (argv[0] === 'cat' && argv[1] === '/etc/resolv.conf') return instant(0, 'nameserver 127.0.0.53\n', '');
  if (argv[0] !== 'getent') return null;
  const type = argv[1] === 'ahostsv6' ? 'AAAA' : 'A';
  const found = world.dns
    .lookUp({ name: argv[2] ?? '', type }, host.site)
    .filter((record) => record.type === type);
  return instant(found.length === 0 ? 2 : 0, found.map(({ data }) => `${data} STREAM\n`).join(''), '');
}

function instant(status: number, stdout: string, stderr: string): Begun {
  return { ms: 1, finish: () => ({ status, stdout, stderr }) };
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((word, index) => word === right[index]);
}

function effectOf(
  world: World,
  app: AppHost,
  asked: { readonly fleet: AppFleet; readonly argv: readonly string[] },
): (() => void) | null {
  const { fleet, argv } = asked;
  for (const [site, command] of Object.entries(fleet.switch))
    if (same(argv, command)) return () => useSite(world, app, site);
  if (fleet.maintenance !== undefined && same(argv, fleet.maintenance.on))
    return () => void (app.maintenance = true);
  if (fleet.maintenance !== undefined && same(argv, fleet.maintenance.off))
    return () => void (app.maintenance = false);
  return null;
}
