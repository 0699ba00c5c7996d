import {
  closingOptions,
  type BootSeen,
  type LoginSeen,
  type LogoutSeen,
} from '../observations/switch-proof.ts';
import type { Observation } from '../observations/observation.ts';
import type { Chain, Instance } from '../plan/plan.ts';
import { dialectOfIdentity } from '../sessions/dialect.ts';
import type { Identity } from '../sessions/identity.ts';
import { instanceOf, sourceNodes } from '../steps/need.ts';
import { loginsOf } from '../steps/switch-host.ts';
import { on } from './fix.ts';
import { bareDirectory } from './identity-match.ts';
import { freshness, type Look } from './look.ts';
import { startUnseen } from './next-start.ts';
import type { World } from './world.ts';

/**
 * What proves that the switch of a chain would work: every host logs in by itself, to the very server of the plan and
 * with rights enough; what it leaves running outlives the login; and a server that restarts comes back writable.
 */
export function judgeSwitchProof({ plan, snapshot }: World, chain: Chain, look: Look): void {
  const nodes = sourceNodes(chain);
  const targets = chain.target.masters.map(({ instance }) => instance);
  for (const host of new Set(nodes.map((id) => instanceOf(plan, id).host))) {
    const proof = snapshot.hosts[host]?.switchProof;
    const logout = look.at(proof?.logout, `what outlives a logout on ${host}`, freshness.switchMs);
    if (logout !== undefined) judgeLogout(host, logout, look);
    for (const { login, side } of loginsOf(plan, host)) {
      const { instance } = login;
      if (!nodes.includes(instance) && !targets.includes(instance)) continue;
      const asked = `${host}: ${login.words.join(' ')}`;
      const seen = proof?.logins[instance];
      if (seen?.kind === 'unknown') {
        look.used(seen.takenAt, null);
        look.row(`login to ${instance}`, seen.why);
        look.expect(
          false,
          `${host}: expected its own login to ${instance}, seen: ${seen.why}`,
          `Try it there as the SSH user: ${login.words.join(' ')}; mend ${side === 'source' ? `hostLogin of ${instance}` : `the option file (deadMansSwitch.targetOptionFile), the account or the way to ${instance}`}.`,
        );
        continue;
      }
      const found = look.at(seen, `the login to ${instance} from ${host}`, freshness.switchMs);
      if (found !== undefined) judgeLogin(found, { instance, asked }, look);
      if (side === 'source')
        judgeBoot({ host, instance: instanceOf(plan, instance), login: found }, proof?.boots[instance], look);
    }
  }
}

function judgeLogin(
  seen: LoginSeen,
  { instance, asked }: { readonly instance: string; readonly asked: string },
  look: Look,
): void {
  look.row(`login to ${instance}`, `${seen.account}, ${seen.version}`);
  const identity = look.identity(instance);
  if (identity === undefined) return;
  look.expect(
    isSame(seen, identity),
    `${asked}: expected ${instance} (${traitsOf(identity)}), seen another server (${traitsOf(seen)}).`,
    `Mend socket, address or port of this login in the plan: it must reach ${instance}.`,
  );
  for (const { need, error, fix } of seen.tried) {
    look.expect(
      error === null,
      `${asked}: expected the right to ${need} for ${seen.account}, seen error ${error ?? ''}.`,
      on(instance, fix.replace('the operator account', seen.account)),
    );
  }
}

type Traits = Pick<Identity, 'serverUuid' | 'serverId' | 'port' | 'datadir'>;

function isSame(seen: Traits, identity: Traits): boolean {
  const uuid = seen.serverUuid?.toLowerCase() === identity.serverUuid?.toLowerCase();
  return (
    uuid &&
    seen.serverId === identity.serverId &&
    seen.port === identity.port &&
    bareDirectory(seen.datadir) === bareDirectory(identity.datadir)
  );
}

function traitsOf({ serverUuid, serverId, port, datadir }: Traits): string {
  return `${serverUuid === null ? '' : `server_uuid ${serverUuid}, `}server_id ${serverId}, port ${port}, datadir ${datadir}`;
}

function judgeLogout(host: string, seen: LogoutSeen, look: Look): void {
  if (!seen.session) {
    look.row(`logout on ${host}`, `${seen.user}: no session of logind, nobody ends what it leaves running`);
    return;
  }
  const excluded = seen.excluded.includes(seen.user);
  look.row(
    `logout on ${host}`,
    `KillUserProcesses ${seen.kills === null ? 'not told' : seen.kills ? 'yes' : 'no'}${excluded ? `, ${seen.user} excluded` : ''}, lingering ${seen.linger}`,
  );
  if (excluded || seen.kills === false) return;
  if (seen.kills === null) {
    look.unclear(
      `whether logind on ${host} ends what ${seen.user} leaves running (KillUserProcesses): not told`,
    );
    return;
  }
  look.expect(
    false,
    `${host}: expected that a process of ${seen.user} outlives its logout, seen KillUserProcesses=yes: the switch would die with the cockpit's connection.`,
    `on ${host}: KillExcludeUsers=root ${seen.user} (or KillUserProcesses=no) under [Login] in /etc/systemd/logind.conf; systemctl reload systemd-logind`,
  );
}

function judgeBoot(
  {
    host,
    instance,
    login,
  }: { readonly host: string; readonly instance: Instance; readonly login: LoginSeen | undefined },
  observation: Observation<BootSeen> | undefined,
  look: Look,
): void {
  const { id } = instance;
  const facts = look.fast(id);
  // A node that takes no writes now is not fenced, so its switch opens nothing there.
  if (facts === undefined || facts.readOnly) return;
  const seen = look.at(observation, `the next start of ${id}`, freshness.switchMs);
  if (login !== undefined) judgePersisted(id, login, look);
  if (seen === undefined) return;
  const closing = closingOptions(seen.options);
  look.row(
    `next start of ${id}`,
    closing.length > 0
      ? closing.join(' ')
      : `writable, says ${seen.program}${seen.service === null ? '' : `; ${seen.service.unit} ${seen.service.enabled}`}`,
  );
  look.expect(
    closing.length === 0,
    `${id}: expected a server that comes back writable when it restarts, seen ${closing.join(' ')} in its option files or on its command line.`,
    `on ${host}: take ${closing.join(' ')} out of the option files of ${id} (${seen.program} --print-defaults shows them resolved)`,
  );
  startUnseen(`the next start of ${id}`, host, [seen, look]);
  look.expect(
    seen.dropIn !== true,
    `${id}: expected no ${instance.fenceDropIn ?? ''} before the run, seen it there: a restart would close the source.`,
    `on ${host}: rm ${instance.fenceDropIn ?? ''}`,
  );
  const enabled = seen.service?.enabled ?? '';
  look.expect(
    !/^(disabled|masked)/.test(enabled),
    `${id}: expected ${seen.service?.unit ?? ''} to start when ${host} boots, seen ${enabled}.`,
    `on ${host}: systemctl enable ${seen.service?.unit ?? ''}`,
  );
}

function judgePersisted(id: string, login: LoginSeen, look: Look): void {
  const identity = look.identity(id);
  if (identity === undefined || dialectOfIdentity(identity)?.hasPersist !== true) return;
  if (login.persisted === null) {
    look.unclear(
      `what ${id} has persisted for its next start: performance_schema.persisted_variables could not be read`,
    );
    return;
  }
  const closing = closingOptions(login.persisted);
  look.expect(
    closing.length === 0,
    `${id}: expected no persisted read_only, seen ${closing.join(' ')} in mysqld-auto.cnf: a restart would close the source.`,
    on(id, 'RESET PERSIST IF EXISTS super_read_only; RESET PERSIST IF EXISTS read_only'),
  );
}
