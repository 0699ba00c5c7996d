import { never } from '../../shared/lib/assert.ts';
import { effectOperations } from '../../shared/sessions/operations.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { Action, Command, ZoneCommand } from '../../shared/steps/command.ts';
import { epochMark, type EpochMark } from '../../shared/steps/driver.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { ClientsPort, ClockPort, SshChannel, ZoneChannel } from '../ports.ts';
import type { Mirror } from './mirror.ts';
import type { Sessions } from './sessions.ts';

/** What commands are performed with. */
export type Hands = {
  readonly sessions: Sessions;
  readonly clients: ClientsPort;
  readonly clock: ClockPort;
  readonly mirror?: Pick<Mirror, 'caughtUp'>;
  /** Waited for before anything is changed; null: nothing is in doubt. */
  readonly leave?: () => Promise<void> | null;
  /** Puts in doubt whether this cockpit still drives. */
  readonly doubt?: () => void;
};

/** Performs one command on the session or channel that was opened for it before the hold. Never throws, never retries. */
export async function perform(
  hands: Hands,
  { action, limitMs }: Command,
  run: Run,
): Promise<Answer<unknown>> {
  try {
    return await performAction(hands, [action, limitMs], run);
  } catch (error) {
    // An adapter that throws is a defect; the run must still hear that nothing is known about the effect.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'none', why: 'session-lost', message, takenAt: hands.clock.now().utcMs, tookMs: 0 };
  }
}

function performAction(
  { sessions, clients, clock, mirror }: Hands,
  [action, limitMs]: readonly [Action, number],
  run: Pick<Run, 'id' | 'driver' | 'zones'>,
): Promise<Answer<unknown>> {
  switch (action.kind) {
    case 'mysql': {
      const session = sessions.mysql(action.instance, action.session);
      if (session === null)
        return notConnected(clock, `no ${action.session} session to ${action.instance} is open`);
      return session.ask(action.operation, action.input as never, limitMs);
    }
    case 'ssh':
    case 'ssh-file':
    case 'ssh-move':
    case 'ssh-epoch': {
      const way = 'way' in action ? action.way : undefined;
      const channel = sessions.channel(action.host, way);
      if (channel === null)
        return notConnected(
          clock,
          `no SSH channel ${way === undefined ? '' : `of the ${way} `}to ${action.host} is open`,
        );
      return overSsh(channel, [action, limitMs], epochMark(run, action.host));
    }
    case 'mirror':
      return mirror?.caughtUp(limitMs) ?? notConnected(clock, 'the journal has no mirror');
    case 'zone': {
      const channel = sessions.zone(action.zone);
      if (channel === null)
        return notConnected(clock, `no channel to Route 53 is open for zone ${action.zone}`);
      const account = run.zones?.find(({ zone }) => zone === action.zone)?.account;
      if (channel.account !== account)
        return notConnected(
          clock,
          `the credentials of zone ${action.zone} belong to account ${channel.account}, expected ${account ?? 'none'} as when the run began`,
        );
      return askZone(channel, action, limitMs);
    }
    case 'routing': {
      const channel = sessions.cluster();
      if (channel === null) return notConnected(clock, 'no channel to the cluster of the flip is open');
      return action.ask === 'set'
        ? channel.set(action.endpoint.url, action.states, limitMs)
        : channel.read(action.endpoint.url, action.controls, limitMs);
    }
    case 'app-canary':
      return clients.canary(action.client, action.id, limitMs);
    default:
      return never(action, 'perform');
  }
}

function askZone(channel: ZoneChannel, action: ZoneCommand, limitMs: number): Promise<Answer<unknown>> {
  switch (action.ask) {
    case 'change':
      return channel.change(action.batch, action.comment, limitMs);
    case 'changeState':
      return channel.changeState(action.changeId, limitMs);
    case 'listNames':
      return channel.listNames(action.names, limitMs);
  }
}

type SshAction = Exclude<Extract<Action, { readonly host: string }>, { readonly kind: 'mirror' }>;

/** Whatever changes a host is let through only as this driver's; a look needs no leave. */
function overSsh(
  channel: SshChannel,
  [action, limitMs]: readonly [SshAction, number],
  mark: EpochMark,
): Promise<Answer<unknown>> {
  if (action.kind === 'ssh-epoch') return channel.epoch(mark, action.order, limitMs);
  if (action.kind === 'ssh' && !action.effect) return channel.run(action.argv, limitMs);
  const at = channel.as(mark);
  if (action.kind === 'ssh') return at.run(action.argv, limitMs);
  return action.kind === 'ssh-file'
    ? at.putFile(action.path, action.content, limitMs)
    : at.moveFile(action.from, action.to, limitMs);
}

function notConnected(clock: ClockPort, message: string): Promise<Answer<never>> {
  return Promise.resolve({
    kind: 'none',
    why: 'not-connected',
    message,
    takenAt: clock.now().utcMs,
    tookMs: 0,
  });
}

/** Whether an action changes something: its intent must be durable before it is performed. */
export function isEffect(action: Action): boolean {
  if (action.kind === 'mysql') return (effectOperations as readonly string[]).includes(action.operation);
  if (action.kind === 'zone') return action.ask === 'change';
  if (action.kind === 'routing') return action.ask === 'set';
  return action.kind === 'ssh' ? action.effect : action.kind !== 'mirror';
}
