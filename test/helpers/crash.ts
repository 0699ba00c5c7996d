import type { Journal, MysqlSession, Ports, SshChannel } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { aroundCluster, aroundRoute53 } from './around-zone.ts';

/** A cockpit that can die as by kill -9: from then on it hears nothing, does nothing, and its timers are dead. */
export type Mortal = {
  readonly ports: (ports: Ports) => Ports;
  readonly die: () => void;
  readonly isDead: () => boolean;
};

/** `noticed`: its system closes its connections; otherwise every server goes on believing in them. */
export function mortal(simulator: () => Simulator, noticed: boolean): Mortal {
  let dead = false;
  const channels: SshChannel[] = [];
  const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
  const living = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) return never();
    const value = await work();
    return dead ? never() : value;
  };
  const session = (open: MysqlSession): MysqlSession => ({
    ...open,
    ask: (operation, input, limitMs) => living(() => open.ask(operation, input, limitMs)),
    onLost: (call) => open.onLost((why) => (dead ? undefined : call(why))),
    close: () => (dead ? never() : open.close()),
  });
  const channel = (open: SshChannel): SshChannel => ({
    ...open,
    run: (argv, limitMs) => living(() => open.run(argv, limitMs)),
    putFile: (path, content, limitMs) => living(() => open.putFile(path, content, limitMs)),
    moveFile: (from, to, limitMs) => living(() => open.moveFile(from, to, limitMs)),
    readFile: (path, from, limitMs) => living(() => open.readFile(path, from, limitMs)),
    epoch: (mark, order, limitMs) => living(() => open.epoch(mark, order, limitMs)),
    as: (mark) => {
      const own = open.as(mark);
      return {
        run: (argv, limitMs) => living(() => own.run(argv, limitMs)),
        putFile: (path, content, limitMs) => living(() => own.putFile(path, content, limitMs)),
        moveFile: (from, to, limitMs) => living(() => own.moveFile(from, to, limitMs)),
        appendFile: (path, add, limitMs) => living(() => own.appendFile(path, add, limitMs)),
      };
    },
    onLost: (call) => open.onLost((why) => (dead ? undefined : call(why))),
    close: () => (dead ? never() : open.close()),
  });
  return {
    isDead: () => dead,
    die: () => {
      if (dead) return;
      dead = true;
      simulator().loseCockpit(noticed);
      for (const open of channels) void open.close();
    },
    ports: (ports) => ({
      ...ports,
      clock: {
        now: ports.clock.now,
        after: (ms, call) => ports.clock.after(ms, () => (dead ? undefined : call())),
      },
      mysql: {
        ...ports.mysql,
        open: (instance, purpose, limitMs) =>
          living(async () => {
            const opened = await ports.mysql.open(instance, purpose, limitMs);
            if (dead && opened.kind === 'open') void opened.session.close();
            return opened.kind === 'open' ? { ...opened, session: session(opened.session) } : opened;
          }),
      },
      route53: aroundRoute53(ports.route53, living),
      cluster: aroundCluster(ports.cluster, living),
      ssh: {
        ...ports.ssh,
        open: (host, limitMs) =>
          living(async () => {
            const opened = await ports.ssh.open(host, limitMs);
            if (opened.kind !== 'open') return opened;
            channels.push(opened.channel);
            return { ...opened, channel: channel(opened.channel) };
          }),
      },
    }),
  };
}

/** A journal whose writer dies at one record: before it is written, or after it and before anything is done because of it. */
export function dyingAt(
  journal: Journal,
  { record, edge }: { readonly record: number; readonly edge: 'before' | 'after' },
  die: () => void,
): Journal {
  let gone = false;
  return {
    ...journal,
    append: (at, payload, durable) => {
      if (gone) throw new Error('the cockpit is dead');
      gone = journal.count() + 1 === record;
      if (gone && edge === 'before') die();
      if (!gone || edge === 'after') journal.append(at, payload, durable);
      if (!gone) return;
      die();
      throw new Error('the cockpit is dead');
    },
  };
}
