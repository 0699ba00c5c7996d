import type { Journal, MysqlSession, Ports, SshChannel, SshEffects } from '../../main/ports.ts';
import { aroundCluster, aroundRoute53 } from './around-zone.ts';

/** A cockpit that can stand still as by SIGSTOP: its connections stay, its timers and what it heard wait until it wakes. */
export type Sleeper = {
  readonly ports: (ports: Ports) => Ports;
  readonly sleep: () => void;
  readonly wake: () => void;
  readonly isAsleep: () => boolean;
};

/** Awake at first. */
export function sleeper(): Sleeper {
  let asleep: { readonly over: Promise<void>; readonly end: () => void } | null = null;
  const waking = async (): Promise<void> => {
    while (asleep !== null) await asleep.over;
  };
  /** Neither asked nor heard while it sleeps: what it was about to send it sends when it wakes. */
  const awake = async <T>(work: () => Promise<T>): Promise<T> => {
    if (asleep !== null) await waking();
    const value = await work();
    if (asleep !== null) await waking();
    return value;
  };
  const later = (call: () => void): void => {
    if (asleep === null) call();
    else void waking().then(call);
  };
  const session = (open: MysqlSession): MysqlSession => ({
    ...open,
    ask: (operation, input, limitMs) => awake(() => open.ask(operation, input, limitMs)),
    onLost: (call) => open.onLost((why) => later(() => call(why))),
  });
  const effects = (open: SshEffects): SshEffects => ({
    run: (argv, limitMs) => awake(() => open.run(argv, limitMs)),
    putFile: (path, content, limitMs) => awake(() => open.putFile(path, content, limitMs)),
    moveFile: (from, to, limitMs) => awake(() => open.moveFile(from, to, limitMs)),
    appendFile: (path, add, limitMs) => awake(() => open.appendFile(path, add, limitMs)),
  });
  const channel = (open: SshChannel): SshChannel => ({
    ...open,
    ...effects(open.as({ file: '', epoch: 0, who: '' })),
    run: (argv, limitMs) => awake(() => open.run(argv, limitMs)),
    putFile: (path, content, limitMs) => awake(() => open.putFile(path, content, limitMs)),
    moveFile: (from, to, limitMs) => awake(() => open.moveFile(from, to, limitMs)),
    readFile: (path, from, limitMs) => awake(() => open.readFile(path, from, limitMs)),
    epoch: (mark, order, limitMs) => awake(() => open.epoch(mark, order, limitMs)),
    as: (mark) => effects(open.as(mark)),
    onLost: (call) => open.onLost((why) => later(() => call(why))),
  });
  return {
    isAsleep: () => asleep !== null,
    sleep: () => {
      if (asleep !== null) return;
      let end = (): void => undefined;
      const over = new Promise<void>((done) => {
        end = done;
      });
      asleep = { over, end };
    },
    wake: () => {
      const { end } = asleep ?? { end: (): void => undefined };
      asleep = null;
      end();
    },
    ports: (ports) => ({
      ...ports,
      clock: { now: ports.clock.now, after: (ms, call) => ports.clock.after(ms, () => later(call)) },
      mysql: {
        ...ports.mysql,
        open: (instance, purpose, limitMs) =>
          awake(async () => {
            const opened = await ports.mysql.open(instance, purpose, limitMs);
            return opened.kind === 'open' ? { ...opened, session: session(opened.session) } : opened;
          }),
      },
      route53: aroundRoute53(ports.route53, awake),
      cluster: aroundCluster(ports.cluster, awake),
      ssh: {
        ...ports.ssh,
        open: (host, limitMs) =>
          awake(async () => {
            const opened = await ports.ssh.open(host, limitMs);
            return opened.kind === 'open' ? { ...opened, channel: channel(opened.channel) } : opened;
          }),
      },
    }),
  };
}

/**
 * A journal whose cockpit falls asleep at one record: before anything is sent because of it (and then it is sent when the
 * cockpit wakes), or right after that.
 */
export function sleepingAt(
  journal: Journal,
  { record, edge }: { readonly record: number; readonly edge: 'before' | 'after' },
  sleep: () => void,
): Journal {
  return {
    ...journal,
    append: (at, payload, durable) => {
      journal.append(at, payload, durable);
      if (journal.count() !== record) return;
      if (edge === 'before') sleep();
      else queueMicrotask(sleep);
    },
  };
}
