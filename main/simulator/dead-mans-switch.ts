import { secondStageMs } from '../../shared/plan/switches.ts';
import type { HostSwitch, SwitchServer } from '../../shared/steps/switch-host.ts';
import { dataMark } from '../../shared/steps/switch-script.ts';
import { sameAccount } from '../../shared/sessions/account-names.ts';
import { open } from './fence.ts';
import { startLink } from './link-start.ts';
import { kill } from './processes.ts';
import { detach, refreshLinks } from './replication.ts';
import { reachedFrom, runLook } from './switch-looks.ts';
import type { HostWorld, Server, World } from './world.ts';

type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** How often a switch looks, and how long it goes on with what cannot be done at once. */
const tickMs = 1_000;
const patience = 600;
/** Thread id of a session that a switch keeps: no connection of the world has it. */
export const keptBySwitch = -1;

/** What a host does with a command for its dead-man's switch; null: the command is another one. */
export function runSwitch(world: World, host: HostWorld, argv: readonly string[]): Ran | null {
  const looked = argv[0] === 'cat' && argv.length === 2 ? (argv[1] ?? '') : '';
  if (/^\.cutover-.*\/alive$/.test(looked)) {
    const alive = host.files.get(`~/${looked}`);
    return alive === undefined
      ? { status: 1, stdout: '', stderr: `cat: ${looked}: No such file or directory` }
      : { status: 0, stdout: alive, stderr: '' };
  }
  const seen = runLook(host, argv, (instance) => reachedFrom(world, host, instance));
  if (seen !== null) return seen;
  const command = argv.find((word) => /^\.cutover-.*\.sh$/.test(word));
  if (argv[0] !== 'sh' || command === undefined) return null;
  const folder = `~/${command.slice(0, -'.sh'.length)}`;
  const script = host.files.get(`${folder}.sh`);
  if (argv.at(-1) === 'arm') return arm(world, host, { folder, script });
  if (argv.at(-1) === 'claim') return claim(world, host, folder);
  if (argv[3] === 'status') return { status: 0, stdout: statusOf(host, folder), stderr: '' };
  if (host.files.has(`${folder}/fired`) || host.files.has(`${folder}/second`)) {
    if (argv.at(-1) === 'undone' && host.files.has(`${folder}/second`)) letGo(world, script);
    return { status: 3, stdout: '', stderr: 'the switch has acted' };
  }
  for (const path of [...host.files.keys()])
    if (path === `${folder}.sh` || path.startsWith(`${folder}/`)) host.files.delete(path);
  return { status: 0, stdout: 'stood down and gone\n', stderr: '' };
}

const states = ['armed', 'claimed', 'fired', 'second', 'done'];

/** What the script's own word for it prints. */
function statusOf({ files }: HostWorld, folder: string): string {
  if (!files.has(`${folder}.sh`)) return 'end\n';
  const state = states.filter((word) => files.has(`${folder}/${word}`)).map((word) => `state ${word}\n`);
  return `${state.join('')}${files.get(`${folder}/did`) ?? ''}end\n`;
}

/** Notes what a switch did, as the script does. */
type Did = (word: string, name: string) => void;

function noting(world: World, host: HostWorld, folder: string): Did {
  return (word, name) => {
    const at = new Date(Math.floor(world.clock.utcMs())).toISOString().replace(/\.\d+Z$/, 'Z');
    host.files.set(`${folder}/did`, `${host.files.get(`${folder}/did`) ?? ''}${word} ${name} ${at}\n`);
  };
}

/** The run locks that its second stage keeps. */
function letGo(world: World, script: string | undefined): void {
  const data = dataOf(script);
  if (data === null) return;
  for (const { instance } of [...data.servers, ...data.targets]) {
    const server = world.servers.get(instance);
    if (server?.lockHolder === keptBySwitch) server.lockHolder = null;
  }
}

function dataOf(script: string | undefined): HostSwitch | null {
  const line = script?.split('\n').find((each) => each.startsWith(dataMark));
  return line === undefined ? null : (JSON.parse(line.slice(dataMark.length)) as HostSwitch);
}

function arm(
  world: World,
  host: HostWorld,
  { folder, script }: { readonly folder: string; readonly script: string | undefined },
): Ran {
  const data = dataOf(script);
  if (data === null) return { status: 2, stdout: '', stderr: `sh: 0: cannot open ${folder}.sh` };
  const unmet = [...data.servers, ...data.targets].find(
    ({ instance }) => !reachedFrom(world, host, instance),
  );
  if (unmet !== undefined)
    return { status: 1, stdout: '', stderr: `no login to ${unmet.instance} from this host` };
  host.files.set(`${folder}/armed`, '');
  const armedAt = world.clock.nowMs();
  const did = noting(world, host, folder);
  let claimedAt: number | null = null;
  let count = 0;
  const beat = (): void => {
    count += 1;
    host.files.set(`${folder}/alive`, `${count} ${Math.floor(world.clock.nowMs() / 1_000)}\n`);
  };
  const tick = (): void => {
    const now = world.clock.nowMs();
    // Stood down: its files are gone.
    if (!host.files.has(`${folder}.sh`)) return;
    beat();
    if (host.files.has(`${folder}/claimed`)) {
      claimedAt ??= now;
      if (now - claimedAt >= secondStageMs) {
        rename(host, `${folder}/claimed`, `${folder}/second`);
        return secondStage(world, host, { data, did });
      }
    } else if (now - armedAt >= data.deadlineMs) {
      rename(host, `${folder}/armed`, `${folder}/fired`);
      takeMaintenanceBack(world, host, data);
      for (const server of data.servers) undo(world, server, { left: patience, did });
      return;
    }
    world.clock.in(tickMs, tick);
  };
  world.clock.in(tickMs, tick);
  beat();
  return { status: 0, stdout: host.files.get(`${folder}/alive`) ?? '', stderr: '' };
}

/** A switch whose script is gone is dead: nothing beats there any more, and the claim hears no answer. */
function claim(world: World, host: HostWorld, folder: string): Ran {
  if (!host.files.has(`${folder}/armed`))
    return { status: 1, stdout: '', stderr: `mv: cannot stat '${folder}/armed': No such file or directory` };
  rename(host, `${folder}/armed`, `${folder}/claimed`);
  return host.files.has(`${folder}.sh`)
    ? { status: 0, stdout: `2 ${Math.floor(world.clock.nowMs() / 1_000)}\n`, stderr: '' }
    : { status: 4, stdout: '', stderr: 'claimed, but the process of this switch is gone' };
}

function rename(host: HostWorld, from: string, to: string): void {
  host.files.delete(from);
  host.files.set(to, '');
}

/** Ends the run's own sessions; whether the run lock is free then, or kept by a switch. */
function endOwn(server: Server, threads: readonly number[]): boolean {
  for (const thread of threads) kill(server, thread);
  return server.lockHolder === null || server.lockHolder === keptBySwitch;
}

function undo(
  world: World,
  of: SwitchServer,
  { left, did }: { readonly left: number; readonly did: Did },
): void {
  const server = world.servers.get(of.instance);
  if (server?.power !== 'up' || !endOwn(server, of.threads)) {
    if (left > 0) world.clock.in(tickMs, () => undo(world, of, { left: left - 1, did }));
    return;
  }
  if (of.items.some(({ kind }) => kind === 'thaw')) {
    open(world, server);
    did('opened', of.instance);
  }
  if (of.items.some(({ kind }) => kind === 'scheduler-on')) server.eventScheduler = true;
  for (const item of of.items.filter(({ kind }) => kind === 'unlock-accounts'))
    for (const row of server.accounts)
      if (
        'accounts' in item &&
        item.accounts.some((account) => sameAccount(account, `${row.user}@${row.host}`))
      )
        row.locked = false;
  const reverse = server.links.find(({ channel }) => channel === of.removeReverse?.channel);
  if (reverse !== undefined) {
    reverse.receiverOn = false;
    reverse.applierOn = false;
    refreshLinks(world);
    detach(reverse);
  }
  const ring = server.links.find(({ channel }) => channel === of.closeRing?.channel);
  if (ring !== undefined) startLink(world, ring);
}

function secondStage(
  world: World,
  host: HostWorld,
  { data, did }: { readonly data: HostSwitch; readonly did: Did },
): void {
  for (const chain of data.chains) {
    const targets = chain.targets.map((instance) => reachedFrom(world, host, instance));
    const kept = targets.map((server) => {
      const threads = data.targets.find(({ instance }) => instance === server?.id)?.threads ?? [];
      if (server === null || !endOwn(server, threads)) return false;
      server.lockHolder = keptBySwitch;
      return server.readOnly;
    });
    // One that is not held, or takes writes, leaves the whole chain as it is.
    if (targets.length === 0 || !kept.every(Boolean)) {
      did('left', chain.chain);
      continue;
    }
    for (const of of data.servers.filter(({ instance }) => chain.servers.includes(instance))) {
      undo(world, of, { left: patience, did });
      const server = world.servers.get(of.instance);
      if (server === undefined) continue;
      server.lockHolder = keptBySwitch;
      if (of.durable.statements.length > 0) server.persisted = false;
      if (of.durable.file !== null) host.files.delete(of.durable.file);
    }
  }
  takeMaintenanceBack(world, host, data);
  did('over', 'second');
}

function takeMaintenanceBack(world: World, host: HostWorld, { commands, files }: HostSwitch): void {
  const app = world.appHosts.get(host.id);
  if (app !== undefined && commands.length > 0) app.maintenance = false;
  for (const file of files) host.files.delete(file);
}
