import { membersIn } from './lab-state.ts';
import { linkOf } from './links.ts';
import { isAlive } from './processes.ts';
import { allSpecs, type Lab } from './start-lab.ts';
import { members, type Member } from './topology.ts';

/** What a lab looks like now, for `status` and for `--json`. */

export type InstanceReport = {
  readonly id: string;
  readonly role: Member['role'];
  readonly site: string;
  readonly port: number;
  readonly pid: number;
  readonly running: boolean;
  readonly writable: boolean | null;
  readonly follows: string | null;
  readonly link: string;
};

export type LabReport = {
  readonly up: boolean;
  readonly flavor: string;
  readonly gtid: string;
  readonly version: string;
  readonly dir: string;
  readonly instances: readonly InstanceReport[];
  readonly ended: readonly string[];
  readonly ports: Readonly<Record<string, number>>;
};

/** Looks at every process and asks every server. */
export async function describeLab(lab: Lab): Promise<LabReport> {
  const state = lab.state();
  const ended = allSpecs(state).filter((spec) => !isAlive(state.processes[spec.name]));
  return {
    up: ended.length === 0,
    flavor: state.flavor,
    gtid: state.gtid,
    version: state.version,
    dir: state.dir,
    instances: await Promise.all(membersIn(state).map((member) => describeInstance(lab, member))),
    ended: ended.map((spec) => spec.name),
    ports: state.ports,
  };
}

async function describeInstance(lab: Lab, member: Member): Promise<InstanceReport> {
  const state = lab.state();
  const about = {
    id: member.id,
    role: member.role,
    site: member.site,
    port: lab.port(member.id),
    pid: lab.pid(member.id),
    running: isAlive(state.processes[member.id]),
  };
  try {
    const readOnly = (await lab.sql(member.id, 'SELECT @@global.read_only AS r'))[0]?.['r'];
    const link = await linkOf(state, member.id);
    const follows = link === null ? null : nameOfPort(lab, link.sourcePort);
    const words = link === null ? 'none' : link.error === '' ? `io ${link.io}, sql ${link.sql}` : link.error;
    return { ...about, writable: readOnly === '0' || readOnly === 'OFF', follows, link: words };
  } catch (error) {
    return {
      ...about,
      writable: null,
      follows: null,
      link: error instanceof Error ? error.message : String(error),
    };
  }
}

function nameOfPort(lab: Lab, port: string): string {
  return members.find((member) => String(lab.port(member.id)) === port)?.id ?? `port ${port}`;
}

/** The report as a table for people. */
export function printLab(report: LabReport): string {
  const head = ['instance', 'role', 'site', 'port', 'pid', 'writes', 'follows', 'link'];
  const rows = report.instances.map((one) => [
    one.id,
    one.role,
    one.site,
    String(one.port),
    one.running ? String(one.pid) : 'ended',
    one.writable === null ? '?' : one.writable ? 'open' : 'closed',
    one.follows ?? '-',
    one.link,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const others = report.ended.length === 0 ? 'All processes run.' : `Ended: ${report.ended.join(', ')}`;
  return [
    `${report.flavor}, GTID ${report.gtid}: ${report.version}`,
    report.dir,
    '',
    line(head),
    ...rows.map(line),
    '',
    others,
  ].join('\n');
}
