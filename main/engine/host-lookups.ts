import { judgeAnswer, type AnswerVerdict } from '../../shared/observations/dns-answer.ts';
import { untold } from '../../shared/observations/dns-readout.ts';
import type { MatrixRow } from '../../shared/observations/dns-matrix.ts';
import {
  lookupCommand,
  notFoundStatus,
  parseLookup,
  parseResolvConf,
} from '../../shared/observations/host-lookup.ts';
import type { Ports, SshChannel } from '../ports.ts';

/** A lookup on a host waits as long as its own resolver does, which tries several servers. */
const lookupLimitMs = 6_000;
const openLimitMs = 5_000;

/** What application hosts get when they look names up by their own ways, over channels of their own. */
export type HostLookups = {
  readonly look: (row: MatrixRow) => Promise<AnswerVerdict>;
  readonly close: () => Promise<void>;
};

/**
 * Channels of their own: a lookup that hangs must never stand before a command of the run. A lost one is opened again at
 * the next look.
 */
export function openHostLookups(ssh: Ports['ssh']): HostLookups {
  const channels = new Map<string, SshChannel>();
  const opening = new Map<string, Promise<SshChannel | string>>();
  let closed = false;
  const open = async (host: string): Promise<SshChannel | string> => {
    const opened = await ssh.open(host, openLimitMs);
    if (opened.kind === 'refused') return opened.message;
    if (closed) {
      await opened.channel.close();
      return 'the cockpit is leaving';
    }
    channels.set(host, opened.channel);
    return opened.channel;
  };
  const channel = (host: string): Promise<SshChannel | string> => {
    const present = channels.get(host);
    if (present?.state() === 'open') return Promise.resolve(present);
    const made = opening.get(host) ?? open(host).finally(() => opening.delete(host));
    opening.set(host, made);
    return made;
  };
  return {
    look: async (row) => {
      const command = lookupCommand(row.asked.question);
      if (command === null)
        return untold(
          `A host does not show a ${row.asked.question.type}, only the address behind it: not known.`,
        );
      const through = await channel(row.server.name);
      if (typeof through === 'string') return untold(`The host could not be asked: ${through}`);
      const configured = await through.run(['cat', '/etc/resolv.conf'], lookupLimitMs);
      const servers = configured.kind === 'ok' ? parseResolvConf(configured.value.stdout) : [];
      const by = servers.length === 0 ? 'its own ways' : `its own ways (${servers.join(', ')})`;
      const answer = await through.run(command, lookupLimitMs);
      if (answer.kind === 'refused' && answer.code === notFoundStatus)
        return untold(
          `By ${by} it finds no address; whether there is none or its resolver failed, it does not say.`,
        );
      if (answer.kind !== 'ok') return untold(`The host did not look the name up: ${answer.message}`);
      const judged = judgeAnswer(parseLookup(answer.value.stdout, row.asked.question), row.asked);
      return {
        ...judged,
        ttlSeconds: null,
        why: `${judged.why} By ${by}; for how long still, it does not say.`,
      };
    },
    close: async () => {
      closed = true;
      await Promise.all([...channels.values()].map((each) => each.close()));
    },
  };
}
