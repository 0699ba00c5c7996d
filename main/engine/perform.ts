import { never } from '../../shared/lib/assert.ts';
import { effectOperations } from '../../shared/sessions/operations.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { Action, Command } from '../../shared/steps/command.ts';
import type { ClientsPort, ClockPort } from '../ports.ts';
import type { Sessions } from './sessions.ts';

/** What commands are performed with. */
export type Hands = { readonly sessions: Sessions; readonly clients: ClientsPort; readonly clock: ClockPort };

/** Performs one command on the session or channel that was opened for it before the hold. Never throws, never retries. */
export async function perform(hands: Hands, { action, limitMs }: Command): Promise<Answer<unknown>> {
  try {
    return await performAction(hands, action, limitMs);
  } catch (error) {
    // An adapter that throws is a defect; the run must still hear that nothing is known about the effect.
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'none', why: 'session-lost', message, takenAt: hands.clock.now().utcMs, tookMs: 0 };
  }
}

function performAction(
  { sessions, clients, clock }: Hands,
  action: Action,
  limitMs: number,
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
    case 'ssh-move': {
      const channel = sessions.channel(action.host);
      if (channel === null) return notConnected(clock, `no SSH channel to ${action.host} is open`);
      if (action.kind === 'ssh') return channel.run(action.argv, limitMs);
      return action.kind === 'ssh-file'
        ? channel.putFile(action.path, action.content, limitMs)
        : channel.moveFile(action.from, action.to, limitMs);
    }
    case 'app-canary':
      return clients.canary(action.client, action.id, limitMs);
    default:
      return never(action, 'perform');
  }
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
  return action.kind !== 'ssh' || action.effect;
}
