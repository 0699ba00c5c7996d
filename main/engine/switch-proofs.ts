import type { HostFacts } from '../../shared/observations/snapshot.ts';
import { known, unknown, type Observation } from '../../shared/observations/observation.ts';
import type { LoginSeen, SwitchProof } from '../../shared/observations/switch-proof.ts';
import type { FastFacts } from '../../shared/sessions/operations.ts';
import type { Survey } from '../../shared/sessions/survey.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import { dialectOfIdentity } from '../../shared/sessions/dialect.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { instanceOf } from '../../shared/steps/need.ts';
import { loginsOf, startsOf, type HostLoginPlanned } from '../../shared/steps/switch-host.ts';
import {
  bootArgv,
  loginArgv,
  lookLimitMs,
  logoutArgv,
  parseBoot,
  parseLogin,
  parseLogout,
  type LoginGround,
} from '../../shared/steps/switch-looks.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import type { Ports, SshChannel } from '../ports.ts';
import { startLoop } from './loop.ts';
import type { Sessions } from './sessions.ts';

/** What is known of a server already: how to speak to it, whether it has a scheduler that runs, where its pid file is. */
export type Met = {
  readonly identity: Observation<Identity>;
  readonly fast: Observation<FastFacts>;
  readonly survey: Observation<Survey>;
};

/** How often a host is looked at again once all of it was seen, and how often it is tried until then, ms. */
const seldomMs = 120_000;
const untilSeenMs = 5_000;
const openLimitMs = 10_000;

export type SwitchProofs = {
  /** The hosts' facts, with what was tried for their switches. */
  readonly beside: (hosts: ReadonlyMap<string, HostFacts>) => Readonly<Record<string, HostFacts>>;
  /** Looks at every host now; resolves when all was seen or given up. */
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

/**
 * Looks at every host that gets a dead-man's switch, and at those of other servers whose next start matters: seldom, because
 * each look is a handful of logins there.
 */
export function startSwitchProofs(
  plan: Plan,
  { clock, ssh }: Pick<Ports, 'clock' | 'ssh'>,
  of: Looking & { readonly failed: (what: string, error: unknown) => void },
): SwitchProofs {
  const proofs = new Map<string, SwitchProof>();
  const seenAt = new Map<string, number>();
  const look = async (host: string): Promise<void> => {
    if (of.channels.channel(host)?.state() !== 'open') {
      // A host that cannot be asked has proven nothing any more.
      if (!of.resting()) proofs.delete(host);
      return;
    }
    if (of.resting() || clock.now().monoMs - (seenAt.get(host) ?? -Infinity) < seldomMs) return;
    if (!loginsOf(plan, host).every(({ login }) => of.met(login.instance)?.identity.kind === 'known')) return;
    if (!startsOf(plan, host).every((instance) => of.met(instance)?.survey.kind === 'known')) return;
    // On a channel of its own: a command that passes its limit takes its channel with it, and the run needs the other one.
    const opened = await ssh.open(host, openLimitMs);
    if (opened.kind === 'refused') return;
    const proof = await lookAtSwitch(plan, opened.channel, { ...of, now: () => clock.now().utcMs }).finally(
      () => opened.channel.close(),
    );
    if (proof === null) return;
    proofs.set(host, proof);
    seenAt.set(host, clock.now().monoMs);
  };
  const hosts = [
    ...armedHosts(plan),
    ...plan.hosts.map(({ id }) => id).filter((host) => startsOf(plan, host).length > 0),
  ];
  const loops = [...new Set(hosts)].map((host) =>
    startLoop(clock, {
      periodMs: untilSeenMs,
      turn: () => look(host),
      failed: (error) =>
        of.failed(`looking at what the dead-man's switch and the next start on ${host} need`, error),
    }),
  );
  return {
    beside: (hosts) =>
      Object.fromEntries(
        [...hosts].map(([host, facts]) => {
          const switchProof = proofs.get(host);
          return [host, switchProof === undefined ? facts : { ...facts, switchProof }];
        }),
      ),
    refresh: async () => {
      seenAt.clear();
      await Promise.all(loops.map((loop) => loop.now()));
    },
    stop: () => {
      for (const loop of loops) loop.stop();
    },
  };
}

/** What a look needs of the observer. */
type Looking = {
  readonly channels: Pick<Sessions, 'channel'>;
  readonly met: (instance: string) => Met | undefined;
  /** During the minute nothing is tried: the channels belong to the run. */
  readonly resting: () => boolean;
};

/**
 * Tries on one host what its dead-man's switch would need there: every login, harmlessly, what each server would read at
 * its next start, and whether a detached process outlives the login. One after the other, each bounded.
 */
async function lookAtSwitch(
  plan: Plan,
  channel: SshChannel,
  { met, now, resting }: Pick<Looking, 'met' | 'resting'> & { readonly now: () => number },
): Promise<SwitchProof | null> {
  const { host } = channel;
  const logins: Record<string, SwitchProof['logins'][string]> = {};
  const boots: Record<string, SwitchProof['boots'][string]> = {};
  const ask = async <T>(
    argv: readonly string[],
    what: string,
    read: (said: { readonly stdout: string; readonly stderr: string }) => T | null,
  ): Promise<Observation<T>> => {
    const answer = await channel.run(argv, lookLimitMs);
    if (answer.kind !== 'ok') return unknown(answer.message, answer.takenAt, what);
    const seen = read(answer.value);
    return seen === null
      ? unknown(`${host}: ${what} was not understood`, answer.takenAt, what)
      : known(seen, answer.takenAt, what);
  };
  const nextStart = (instance: string, at: Pick<LoginSeen, 'pidFile' | 'datadir'>) => {
    const argv = bootArgv(instance, at, instanceOf(plan, instance).fenceDropIn);
    return ask(argv, `next start of ${instance} on ${host}`, ({ stdout }) => parseBoot(stdout));
  };
  const logout = await ask(logoutArgv(), `logouts of ${host}`, ({ stdout }) => parseLogout(stdout));
  for (const each of loginsOf(plan, host)) {
    if (resting()) return null;
    const ground = groundOf(each, met(each.login.instance));
    const { instance } = each.login;
    if (ground === null) {
      logins[instance] = unknown(`${instance} is not known yet, nor what may be asked of it`, now(), host);
      continue;
    }
    const login = await ask(loginArgv(each.login, ground), `login to ${instance} from ${host}`, (said) =>
      parseLogin(said, ground),
    );
    logins[instance] = login;
    if (each.side === 'target') continue;
    if (login.kind === 'unknown') {
      boots[instance] = unknown(`it was not found: ${login.why}`, login.takenAt, host);
      continue;
    }
    boots[instance] = await nextStart(instance, login.value);
  }
  for (const instance of startsOf(plan, host)) {
    if (resting()) return null;
    const survey = met(instance)?.survey;
    if (survey?.kind !== 'known') continue;
    const { settings, identity } = survey.value;
    boots[instance] = await nextStart(instance, { pidFile: settings.pidFile, datadir: identity.datadir });
  }
  return { logins, boots, logout };
}

function groundOf({ side }: HostLoginPlanned, met: Met | undefined): LoginGround | null {
  if (met?.identity.kind !== 'known') return null;
  const dialect = dialectOfIdentity(met.identity.value);
  if (dialect === null) return null;
  return { dialect, side, scheduler: met.fast.kind === 'known' && met.fast.value.eventScheduler };
}
