import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { stringify, parse } from 'yaml';
import type { PlanInput } from '../../../shared/plan/plan.ts';
import { administrator, optionFile } from '../accounts.ts';
import { knownHostsFile, sshConfigFile } from '../hosts.ts';
import { instanceDir, membersIn } from '../lab-state.ts';
import { planForLab, planOfMembers } from '../plan-for-lab.ts';
import { socketOf } from '../sql.ts';
import type { Lab } from '../start-lab.ts';
import { appHosts } from '../topology.ts';
import { openWire, type Wire } from './wire.ts';

/** All lines from the cockpit to a lab: one wire for each instance, each host's sshd and its Route 53. */
export type Wires = {
  readonly listeners: readonly string[];
  readonly of: (listener: string) => Wire;
  /** Everything that leads to one host: its sshd and its instances. */
  readonly toHost: (host: string) => readonly Wire[];
  readonly close: () => Promise<void>;
};

/** Opens a wire to every listener that the cockpit of a lab uses. */
export async function openWires(lab: Lab): Promise<Wires> {
  const members = membersIn(lab.state());
  const hosts = [...new Set([...members.map(({ host }) => host), ...appHosts.map(({ id }) => id)])];
  const listeners = [...members.map(({ id }) => id), ...hosts.map((host) => `ssh ${host}`), 'route53'];
  const wires = new Map(
    await Promise.all(listeners.map(async (name) => [name, await openWire(() => lab.port(name))] as const)),
  );
  const of = (listener: string): Wire => {
    const wire = wires.get(listener);
    if (wire === undefined) throw new Error(`no wire to ${listener}`);
    return wire;
  };
  return {
    listeners,
    of,
    toHost: (host) => [
      of(`ssh ${host}`),
      ...members.filter((member) => member.host === host).map(({ id }) => of(id)),
    ],
    close: async () => void (await Promise.all([...wires.values()].map((wire) => wire.close()))),
  };
}

/**
 * How busy this machine is: 1 when it has nothing else to do, at most 4. Whoever has put the lab before everything else says
 * so by LAB_PATIENCE: the load counts those too who wait behind it.
 */
export const patience =
  Number(process.env['LAB_PATIENCE'] ?? '') ||
  Math.min(4, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism() / 2));

/**
 * Short limits: most cells end when one of them is over. The sums are those of a plan that is sound: the dead-man's switch
 * outlives the run's deadline and the undo's budget.
 */
const limits = {
  preDrainMs: 8_000,
  quietMs: 4_000,
  fenceMs: 6_000,
  fenceAttemptMs: 3_000,
  endSessionsMs: 4_000,
  convergeMs: 6_000,
  drainMs: 8_000,
  proveMs: 4_000,
  passageMs: 1_500,
  promoteMs: 4_000,
  redirectMs: 6_000,
  reverseMs: 6_000,
  canaryMs: 8_000,
  runDeadlineMs: 14_000,
  abortMs: 6_000,
  marginMs: 1_000,
  deadMansSwitchMs: 22_000,
  lagMs: 20_000,
  clockOffsetMs: 5_000,
  longTransactionMs: 20_000,
} as const satisfies PlanInput['limits'];

/** The same limits on a machine that is busy with other things: they grow alike, so that their sums stay sound. */
export function patientLimits(): { readonly [L in keyof typeof limits]: number } {
  const grown = Object.entries(limits).map(([name, ms]) => [
    name,
    // A living cockpit must be through the passage before the switches' second stage takes it for dead.
    name === 'passageMs' || name === 'promoteMs' ? ms : Math.round(ms * patience),
  ]);
  return Object.fromEntries(grown) as { readonly [L in keyof typeof limits]: number };
}

/** The plan of a lab whose cockpit goes through wires, with a dead-man's switch on every source host. */
export function writeWiredPlan(lab: Lab, wires: Wires): string {
  const members = membersIn(lab.state());
  const plan = planOfMembers(parse(planForLab(lab.state())) as PlanInput, lab.state());
  const ssh = writeSshFiles(lab, wires);
  const wired: PlanInput = {
    ...plan,
    name: 'faults',
    dns: throughWire(plan.dns, wires),
    chains: plan.chains.map((chain) => ({
      ...chain,
      events: ['shop.tidy'],
      deadMansSwitch: { targetOptionFile: optionFile(lab.dir, 'cockpit') },
    })),
    budgets: { writeFreezeMs: 60_000, userVisibleDowntimeMs: 60_000 },
    limits: { ...plan.limits, ...patientLimits() },
    hosts: plan.hosts.map((host) =>
      host.ssh === undefined || !('alias' in host.ssh) ? host : { ...host, ssh: { ...host.ssh, ...ssh } },
    ),
    instances: plan.instances.map((instance) => ({
      ...instance,
      via: 'direct',
      port: wires.of(instance.id).port,
      replicationAddress: '127.0.0.1',
      replicationPort: lab.port(instance.id),
      ...(members.some(({ id, role }) => id === instance.id && role.startsWith('source'))
        ? { hostLogin: { socket: socketOf(lab.state(), instance.id), user: administrator } }
        : {}),
      // A target that was a source once may start closed: then `restore` has something to take away.
      ...(members.some(({ id, role }) => id === instance.id && role === 'target-master')
        ? { fenceDropIn: join(instanceDir(lab.state(), instance.id), 'conf.d', 'fence.cnf') }
        : {}),
    })),
  };
  const file = join(lab.dir, 'faults.yaml');
  writeFileSync(file, stringify(wired));
  return file;
}

function throughWire(dns: PlanInput['dns'], wires: Wires): PlanInput['dns'] {
  return dns?.emulator === undefined
    ? dns
    : { ...dns, emulator: { ...dns.emulator, apiPort: wires.of('route53').port } };
}

/** The lab's ssh_config and known_hosts, with every port led through its wire. */
function writeSshFiles(lab: Lab, wires: Wires): { readonly configFile: string; readonly knownHosts: string } {
  const ports = new Map(
    wires.listeners.map((listener) => [String(lab.port(listener)), String(wires.of(listener).port)] as const),
  );
  const through = (text: string): string => text.replace(/\b\d{4,5}\b/g, (port) => ports.get(port) ?? port);
  const knownHosts = join(lab.dir, 'ssh', 'known_hosts_wired');
  const configFile = join(lab.dir, 'ssh', 'config_wired');
  writeFileSync(knownHosts, through(readFileSync(knownHostsFile(lab.dir), 'utf8')), { mode: 0o600 });
  const config = through(readFileSync(sshConfigFile(lab.dir), 'utf8'));
  writeFileSync(configFile, config.replaceAll(knownHostsFile(lab.dir), knownHosts), { mode: 0o600 });
  return { configFile, knownHosts };
}
