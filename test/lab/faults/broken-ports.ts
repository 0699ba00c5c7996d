import type { MysqlSession, Ports, SshChannel, SshEffects, ZoneChannel } from '../../../main/ports.ts';
import { isEffect } from '../../../main/engine/perform.ts';
import type { Answer } from '../../../shared/sessions/session.ts';
import type { Action, Command } from '../../../shared/steps/command.ts';
import { entriesOf, entryIn } from '../../../shared/steps/ledger.ts';
import type { Run } from '../../../shared/steps/run.ts';
import type { FaultWay } from '../../nights/cells.ts';
import { breaksEffect, type Cell } from './cells.ts';
import { wrapSessions } from './wrapped-sessions.ts';

/** The real ports, one call of which meets a fault. The call that is broken is found in the run: nothing else names its step. */

/** One call on its way, as whoever breaks it sees it. */
export type Call = {
  readonly command: Command;
  /** Asks honestly. */
  readonly ask: () => Promise<Answer<unknown>>;
  /** The session it goes by; null: a request of its own. */
  readonly session: MysqlSession | SshChannel | null;
  readonly limitMs: number;
};

/** What a cell may break of a channel. */
type Breakable = Pick<SshEffects, 'run' | 'putFile' | 'moveFile'>;

export type Break = (call: Call) => Promise<Answer<unknown>>;

/** Whether a command is the one that a cell breaks. */
export function isMeant(cell: Cell<FaultWay>, run: Run, command: Command): boolean {
  const issued = entryIn(run.commands, command.key);
  const step = issued === undefined ? undefined : run.steps[issued.step]?.step;
  const hasEffect = isEffect(command.action) || command.action.kind === 'mirror';
  return step === cell.step && (!breaksEffect(cell.step) || hasEffect);
}

/** Puts a fault between the engine and its ports: the first call of the cell's step goes through `broken`, once. */
export function breakPorts(
  ports: Ports,
  cell: Cell<FaultWay>,
  fault: { readonly run: () => Run | null; readonly broken: Break },
): Ports {
  let met = false;
  const meets = (is: (action: Action) => boolean): Command | null => {
    const run = fault.run();
    if (met || run === null) return null;
    const found = entriesOf(run.commands).find(
      ({ command, answer }) => answer === null && is(command.action) && isMeant(cell, run, command),
    );
    met = found !== undefined;
    return found?.command ?? null;
  };
  const pass = async <T>(
    is: (action: Action) => boolean,
    call: Omit<Call, 'command' | 'ask'> & { readonly ask: () => Promise<Answer<T>> },
  ): Promise<Answer<T>> => {
    const command = meets(is);
    return command === null ? call.ask() : ((await fault.broken({ ...call, command })) as Answer<T>);
  };
  const wrapSession = (session: MysqlSession): MysqlSession => ({
    ...session,
    ask: (operation, input, limitMs) =>
      pass(
        (action) =>
          action.kind === 'mysql' &&
          action.instance === session.instance &&
          action.session === session.purpose &&
          action.operation === operation,
        { ask: () => session.ask(operation, input, limitMs), session, limitMs },
      ),
  });
  const wrapChannel = (channel: SshChannel): SshChannel => {
    const onHost =
      (kind: Action['kind']) =>
      (action: Action): boolean =>
        action.kind === kind && 'host' in action && action.host === channel.host;
    // What changes a host goes by `as`, what only looks goes straight.
    const wrapEffects = (effects: Breakable): Breakable => ({
      run: (argv, limitMs) =>
        pass((action) => onHost('ssh')(action) && 'argv' in action && sameWords(action.argv, argv), {
          ask: () => effects.run(argv, limitMs),
          session: channel,
          limitMs,
        }),
      putFile: (path, content, limitMs) =>
        pass(onHost('ssh-file'), {
          ask: () => effects.putFile(path, content, limitMs),
          session: channel,
          limitMs,
        }),
      moveFile: (from, to, limitMs) =>
        pass(onHost('ssh-move'), {
          ask: () => effects.moveFile(from, to, limitMs),
          session: channel,
          limitMs,
        }),
    });
    return {
      ...channel,
      ...wrapEffects(channel),
      as: (mark) => {
        const effects = channel.as(mark);
        return {
          ...effects,
          ...wrapEffects(effects),
          // What the mirror is sent while a step waits for it.
          appendFile: (path, add, limitMs) =>
            pass(onHost('mirror'), {
              ask: () => effects.appendFile(path, add, limitMs),
              session: channel,
              limitMs,
            }),
        };
      },
      epoch: (mark, order, limitMs) =>
        pass(onHost('ssh-epoch'), {
          ask: () => channel.epoch(mark, order, limitMs),
          session: channel,
          limitMs,
        }),
    };
  };
  const wrapZone = (channel: ZoneChannel): ZoneChannel => {
    const change: ZoneChannel['change'] = (batch, comment, limitMs) =>
      pass((action) => action.kind === 'zone' && action.zone === channel.zone && action.ask === 'change', {
        ask: () => channel.change(batch, comment, limitMs),
        session: null,
        limitMs,
      });
    // Not a copy: until when its credentials last moves with it.
    return Object.create(channel, { change: { value: change } }) as ZoneChannel;
  };
  return {
    ...wrapSessions(ports, wrapSession),
    ssh: {
      ...ports.ssh,
      open: async (...asked) => {
        const opened = await ports.ssh.open(...asked);
        return opened.kind === 'open' ? { ...opened, channel: wrapChannel(opened.channel) } : opened;
      },
    },
    route53: {
      open: async (...asked) => {
        const opened = await ports.route53.open(...asked);
        return opened.kind === 'open' ? { ...opened, channel: wrapZone(opened.channel) } : opened;
      },
    },
    clients: {
      ...ports.clients,
      canary: (client, id, limitMs) =>
        pass((action) => action.kind === 'app-canary' && action.client === client && action.id === id, {
          ask: () => ports.clients.canary(client, id, limitMs),
          session: null,
          limitMs,
        }),
    },
  };
}

const sameWords = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((word, index) => word === others[index]);
