import type { ClusterPort, Route53Port, ZoneChannel } from '../../main/ports.ts';

/** What is put around every call: it may let it through, hold it back, or lose its answer. */
export type AroundCall = <T>(work: () => Promise<T>) => Promise<T>;

/** A port to Route 53 with something around each of its calls. */
export function aroundRoute53(port: Route53Port, around: AroundCall): Route53Port {
  return {
    open: (zone, limitMs) =>
      around(async () => {
        const opened = await port.open(zone, limitMs);
        return opened.kind === 'open' ? { ...opened, channel: aroundZone(opened.channel, around) } : opened;
      }),
  };
}

function aroundZone(open: ZoneChannel, around: AroundCall): ZoneChannel {
  return {
    ...open,
    facts: (limitMs) => around(() => open.facts(limitMs)),
    list: (limitMs) => around(() => open.list(limitMs)),
    listNames: (names, limitMs) => around(() => open.listNames(names, limitMs)),
    change: (batch, comment, limitMs) => around(() => open.change(batch, comment, limitMs)),
    changeState: (changeId, limitMs) => around(() => open.changeState(changeId, limitMs)),
    testAnswer: (ask, limitMs) => around(() => open.testAnswer(ask, limitMs)),
    healthCheck: (id, limitMs) => around(() => open.healthCheck(id, limitMs)),
    healthVotes: (id, limitMs) => around(() => open.healthVotes(id, limitMs)),
    createHealthCheck: (planned, reference, limitMs) =>
      around(() => open.createHealthCheck(planned, reference, limitMs)),
  };
}

/** A port to the flip's cluster with something around each of its calls. */
export function aroundCluster(port: ClusterPort, around: AroundCall): ClusterPort {
  return {
    open: (limitMs) =>
      around(async () => {
        const opened = await port.open(limitMs);
        if (opened.kind !== 'open') return opened;
        const { channel } = opened;
        return {
          ...opened,
          channel: {
            ...channel,
            read: (url, controls, readMs) => around(() => channel.read(url, controls, readMs)),
            set: (url, states, setMs) => around(() => channel.set(url, states, setMs)),
          },
        };
      }),
  };
}
