import type { MysqlSession, SshChannel } from '../../../main/ports.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { Answer } from '../../../shared/sessions/session.ts';
import { membersIn } from '../lab-state.ts';
import { pause } from '../processes.ts';
import { eventually } from '../sql.ts';
import type { Lab } from '../start-lab.ts';
import type { Call } from './broken-ports.ts';
import type { FaultWay } from '../../nights/cells.ts';
import type { Line } from './wire.ts';
import type { Wires } from './wires.ts';

/** What a test does to one call, and to the server behind it: with the real line, the real server, the real process. */

export type Strike = {
  readonly broken: (call: Call) => Promise<Answer<unknown>>;
  /** What was struck, in words; null while nothing was. */
  readonly seen: () => string | null;
  /** Lets everything go that is still held, paused or cut, and starts again what was killed: the fault is over. */
  readonly heal: () => Promise<void>;
};

export type StrikeGround = { readonly lab: Lab; readonly wires: Wires; readonly plan: () => Plan };

/** A fault lasts this long, or until the run has ended, ms. */
const lastsMs = 20_000;
/** So much later than the cockpit gave up, what was late arrives, ms. */
const lateMs = 200;
const soonMs = 10_000;

/** Arms one way of failing. */
export function armStrike(ground: StrikeGround, way: FaultWay): Strike {
  let seen: string | null = null;
  const over: (() => Promise<void>)[] = [];
  const healAll = async (): Promise<void> => {
    await Promise.all(over.splice(0).map((heal) => heal()));
  };
  /** Heals once: by itself when its time is up, or with all others. */
  const lasting = (heal: () => Promise<void>): void => {
    let healed: Promise<void> | null = null;
    const once = (): Promise<void> => (healed ??= heal());
    const timer = setTimeout(() => void once(), lastsMs);
    over.push(async () => {
      clearTimeout(timer);
      await once();
    });
  };
  return {
    seen: () => seen,
    heal: healAll,
    broken: async (call) => {
      seen = call.command.key;
      return ways[way](call, ground, lasting);
    },
  };
}

type Lasting = (heal: () => Promise<void>) => void;
type Struck = (call: Call, ground: StrikeGround, lasting: Lasting) => Promise<Answer<unknown>>;

const ways: { readonly [W in FaultWay]: Struck } = {
  error: async ({ command }) => ({
    kind: 'refused',
    // A server's error that no step expects; a remote command's exit status.
    code: command.action.kind === 'mysql' ? 1105 : 1,
    message: 'a fault of the test: nothing was done',
    ...(command.action.kind === 'zone' ? { refusal: 'rejected' as const } : {}),
    takenAt: Date.now(),
    tookMs: 1,
  }),
  none: async (call, ground, lasting) => {
    if (call.session === null) {
      await pause(call.limitMs);
      return noAnswer('time-limit');
    }
    const line = await lineOf(ground, call.session);
    line.hold();
    // The line is dead: what was sent never arrives, and the server learns of the hang-up only at the very end.
    lasting(async () => line.break());
    return call.ask();
  },
  late: async (call, ground, lasting) => {
    if (call.session === null) {
      await pause(call.limitMs);
      const late = call.ask();
      lasting(async () => void (await late));
      return noAnswer('time-limit');
    }
    const line = await lineOf(ground, call.session);
    line.hold();
    lasting(async () => line.letGo());
    const answer = await call.ask();
    setTimeout(() => line.letGo(), lateMs);
    return answer;
  },
  'lost-after-effect': async (call, ground) => {
    if (call.session === null) {
      await call.ask();
      return noAnswer('session-lost');
    }
    const line = await lineOf(ground, call.session);
    await call.ask();
    line.break();
    await isLost(call.session);
    return noAnswer('session-lost');
  },
  'lost-session': async (call, ground) => {
    if (call.session === null) throw new Error('there is no session to lose');
    const { session } = call;
    // A server's session is ended there, as its administrator would; a shell's line breaks.
    if ('connectionId' in session) await ground.lab.sql(session.instance, `KILL ${session.connectionId}`);
    else (await lineOf(ground, session)).break();
    await isLost(session);
    return call.ask();
  },
  'server-killed': async (call, { lab, plan }, lasting) => {
    const process = processOf(lab, plan(), call);
    await lab.kill(process);
    // As a service manager does: at once.
    const again = lab.restart(process);
    again.catch(() => undefined);
    lasting(() => again);
    return call.ask();
  },
  'server-paused': async (call, { lab, plan }, lasting) => {
    const process = processOf(lab, plan(), call);
    lab.pause(process);
    lasting(async () => lab.resume(process));
    return call.ask();
  },
  partition: async (call, { lab, plan, wires }, lasting) => {
    const cut =
      call.command.action.kind === 'zone' ? [wires.of('route53')] : wires.toHost(hostOf(lab, plan(), call));
    for (const wire of cut) wire.cut();
    lasting(async () => {
      for (const wire of cut) wire.heal();
    });
    return call.ask();
  },
};

function noAnswer(why: 'time-limit' | 'session-lost'): Answer<never> {
  return { kind: 'none', why, message: 'a fault of the test', takenAt: Date.now(), tookMs: 1 };
}

function isLost(session: MysqlSession | SshChannel): Promise<void> {
  return eventually('the session is lost', soonMs, async () => {
    if (session.state() === 'open') throw new Error('open');
  });
}

/** The line of a session: a server says which port its client has, and to an sshd only one line leads. */
async function lineOf({ lab, wires }: StrikeGround, session: MysqlSession | SshChannel): Promise<Line> {
  if (!('connectionId' in session)) {
    const line = wires.of(`ssh ${session.host}`).lines().at(-1);
    if (line === undefined) throw new Error(`no line to ${session.host}`);
    return line;
  }
  const [row] = await lab.sql(
    session.instance,
    `SELECT HOST AS host FROM information_schema.PROCESSLIST WHERE ID=${session.connectionId}`,
  );
  const port = Number(row?.['host']?.split(':').at(-1));
  const line = wires
    .of(session.instance)
    .lines()
    .find((each) => each.portThere() === port);
  if (line === undefined) throw new Error(`no line of thread ${session.connectionId} to ${session.instance}`);
  return line;
}

/** The process behind a call: its server; for a file or command on a database host the first server there. */
function processOf(lab: Lab, plan: Plan, call: Call): string {
  const { action } = call.command;
  if (action.kind === 'mysql') return action.instance;
  if (action.kind === 'app-canary') return targetOf(plan);
  if (action.kind === 'zone' || action.kind === 'routing') return 'route53';
  const server = membersIn(lab.state()).find(({ host }) => host === action.host);
  return server?.id ?? `app ${action.host}`;
}

function hostOf(lab: Lab, plan: Plan, call: Call): string {
  const { action } = call.command;
  if ('host' in action) return action.host;
  const instance = action.kind === 'mysql' ? action.instance : targetOf(plan);
  const member = membersIn(lab.state()).find(({ id }) => id === instance);
  if (member === undefined) throw new Error(`no ${instance} in this lab`);
  return member.host;
}

function targetOf(plan: Plan): string {
  const target = plan.chains[0]?.target.masters[0]?.instance;
  if (target === undefined) throw new Error('a plan without a target');
  return target;
}
