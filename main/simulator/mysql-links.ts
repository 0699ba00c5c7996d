import type { Position } from '../../shared/sessions/operations.ts';
import { maxPerDomain } from '../../shared/sessions/dialect-gtid.ts';
import { logEnd } from './binlog.ts';
import { refusal } from './commits.ts';
import { makeLink, replicationAddress } from './estate.ts';
import { parseMaria, positionOf } from './gtid-text.ts';
import { startLink } from './link-start.ts';
import { nothing, type Performers } from './mysql-call.ts';
import { attach, detach, refreshLinks } from './replication.ts';
import type { Link, Server, World } from './world.ts';

/** The server another one would reach at an address. */
export function serverAt(world: World, address: string, port: number): Server | null {
  for (const server of world.servers.values()) {
    const reached = replicationAddress(world.plan, server.id);
    if (reached.address === address && reached.port === port) return server;
  }
  for (const server of world.servers.values()) {
    if ((server.host === address || server.address === address) && server.port === port) return server;
  }
  return null;
}

function linkOf(server: Server, channel: string): Link | undefined {
  return server.links.find((link) => link.channel === channel);
}

function stop(link: Link): void {
  link.receiverOn = false;
  link.applierOn = false;
}

function unknownChannel(server: Server): { readonly refused: ReturnType<typeof refusal> } {
  return { refused: refusal(server.flavor === 'mariadb' ? 1617 : 3074) };
}

/** The operations on replication links, each by channel or connection name. */
export const performLinks: Performers<
  'stopLink' | 'startLink' | 'moveLink' | 'removeLink' | 'configureLink'
> = {
  stopLink: ({ world, server }, { channel }, done) => {
    const link = linkOf(server, channel);
    if (link === undefined) return done(unknownChannel(server));
    stop(link);
    refreshLinks(world);
    // The applier ends with the transaction it is in.
    world.clock.in(world.random.between(1, 4), () => done({ value: nothing }));
  },
  startLink: ({ world, server }, { channel, from, account }, done) => {
    const link = linkOf(server, channel);
    // CHANGE MASTER takes the account, and it takes none while a thread of that link runs: it is stopped first.
    if (link !== undefined && server.flavor === 'mariadb' && account !== undefined) stop(link);
    const told = from !== undefined && server.flavor === 'mariadb' && link?.usesGtid !== false;
    const wrong = told ? cannotBegin(server, from) : null;
    if (wrong !== null) return done({ refused: refusal(wrong) });
    if (link === undefined) return done(unknownChannel(server));
    if (told) link.begin = tellBegin(server, from);
    link.hasAccount ||= account !== undefined;
    link.accountIsForgotten ||= account !== undefined && server.flavor === 'mysql';
    startLink(world, link);
    done({ value: nothing });
  },
  moveLink: ({ server }, { channel, to }, done) => {
    const link = linkOf(server, channel);
    if (link === undefined) return done(unknownChannel(server));
    if (link.receiverOn || link.applierOn) return done({ refused: refusal(1198) });
    link.begin = { ...to, gtid: '' };
    done({ value: nothing });
  },
  removeLink: ({ world, server }, { channel }, done) => {
    const link = linkOf(server, channel);
    // That it is gone already is what was wanted.
    if (link === undefined) return done({ value: nothing });
    stop(link);
    refreshLinks(world);
    detach(link);
    world.clock.in(world.random.between(2, 6), () => done({ value: nothing }));
  },
  configureLink: ({ world, server }, input, done) => {
    const existing = linkOf(server, input.channel);
    const usesGtid = server.chain.gtid && input.from?.gtid !== '';
    const setsPosition = server.flavor === 'mariadb' && usesGtid;
    if (existing?.receiverOn === true || existing?.applierOn === true)
      return done({ refused: refusal(1198) });
    const wrong = setsPosition && input.from !== null ? cannotBegin(server, input.from) : null;
    if (wrong !== null) return done({ refused: refusal(wrong) });
    if (existing !== undefined) detach(existing);
    const link = makeLink(server, {
      channel: input.channel,
      address: input.sourceAddress,
      port: input.sourcePort,
    });
    const source = serverAt(world, input.sourceAddress, input.sourcePort);
    link.usesGtid = usesGtid;
    link.hasAccount = input.direction !== 'reverse';
    link.perSecond = world.plan.simulator?.appliesPerSecond ?? 3_000;
    attach(link, source, source === null ? 0 : logEnd(source));
    const from = input.from ?? positionOf(server);
    link.begin = setsPosition ? tellBegin(server, from) : from;
    done({ value: nothing });
  },
};

/** Why the server would not take this as the place where its links begin: one of them runs, or it is no GTID. */
function cannotBegin(server: Server, from: Position): 1198 | 1941 | null {
  if (server.links.some((link) => link.receiverOn || link.applierOn)) return 1198;
  return parseMaria(from.gtid) === null ? 1941 : null;
}

/** MariaDB keeps one GTID a domain as a replica's position, whatever it was given; all its links by GTID go on there. */
function tellBegin(server: Server, from: Position): Position {
  const gtid = from.logEndGtid ?? maxPerDomain(from.gtid);
  const [told] = parseMaria(gtid) ?? [];
  const origin = server.chain.servers.findIndex(({ serverId }) => serverId === told?.serverId);
  if (told !== undefined && origin >= 0) server.applied = { origin, seq: told.seq };
  return { ...from, gtid };
}
