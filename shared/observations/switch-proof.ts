import type { Observation } from './observation.ts';

/** What a host's own client saw when it logged in to one server, harmlessly. */
export type LoginSeen = {
  readonly account: string;
  readonly version: string;
  /** MySQL only. */
  readonly serverUuid: string | null;
  readonly serverId: number;
  readonly port: number;
  readonly datadir: string;
  readonly pidFile: string;
  /** Each right that the switch needs there, tried in a form without effect. */
  readonly tried: readonly { readonly need: string; readonly error: string | null; readonly fix: string }[];
  /** MySQL: what mysqld-auto.cnf sets of read_only at the next start; null: that could not be read, or there is no such thing. */
  readonly persisted: readonly string[] | null;
};

/** A line of an option file, and the group in which it stands. */
export type WrittenOption = { readonly group: string; readonly text: string };

/** What a server would read when it starts again, as its own program says on its host. */
export type BootSeen = {
  readonly program: string;
  /** Every option whose name speaks of read-only, in the order in which they are read; the last of a name counts. */
  readonly options: readonly string[];
  /** Those of them that stand on its command line, read behind every file. */
  readonly given: readonly string[];
  /** What its option files say of read-only as it is written there, in the order in which they are read; null: here it reads its drop-in. */
  readonly written: readonly (WrittenOption | null)[];
  /** Option files and folders that this login may not read: what they say is not known. */
  readonly unreadable: readonly string[];
  /** An init_file that speaks of read_only, or is not there, in words; null: none, or one that does not matter. */
  readonly initFile: string | null;
  /** Whether the file that makes a fence durable is there; null: the plan has none. */
  readonly dropIn: boolean | null;
  /** Whether it would read that file, as far as its option files could be read; null: the plan has none. */
  readonly dropInRead: boolean | null;
  /** The service that starts it and what the service manager says of its start at boot; null: none is seen. */
  readonly service: { readonly unit: string; readonly enabled: string } | null;
};

/** Whether a process that this login leaves behind lives on after its logout. */
export type LogoutSeen = {
  readonly user: string;
  /** systemd-logind keeps this login as a session; without one nobody ends what it leaves. */
  readonly session: boolean;
  /** KillUserProcesses of logind; null: not told. */
  readonly kills: boolean | null;
  readonly excluded: readonly string[];
  readonly linger: string;
};

/** What was tried on one host for its dead-man's switch, and of servers without one what they would start with. */
export type SwitchProof = {
  /** By instance: the host's own servers, and the target masters that its second stage must reach. */
  readonly logins: Readonly<Record<string, Observation<LoginSeen>>>;
  /** By instance: its source nodes, and target masters on it. */
  readonly boots: Readonly<Record<string, Observation<BootSeen>>>;
  readonly logout: Observation<LogoutSeen>;
};

/** Of options as a server reads them, those that leave it read-only: the last of each name counts. */
export function closingOptions(options: readonly string[]): readonly string[] {
  const last = new Map<string, { readonly text: string; readonly on: boolean }>();
  for (const text of options) {
    const [, written = '', value] = /^--([^=]+)(?:=(.*))?$/.exec(text.trim()) ?? [];
    const bare = written
      .toLowerCase()
      .replaceAll('_', '-')
      .replace(/^loose-/, '');
    const off = /^(skip|disable)-/.test(bare);
    const name = bare.replace(/^(skip|disable|enable)-/, '');
    if (!/read-o/.test(name)) continue;
    const on =
      !off && (value === undefined || !/^(0|off|false)$/i.test(value.trim().replaceAll(/^["']|["']$/g, '')));
    last.set(name, { text: text.trim(), on });
  }
  return [...last.values()].filter(({ on }) => on).map(({ text }) => text);
}
