import { present } from '../lib/assert.ts';
import type { Credential, Host, Instance, Plan } from '../plan/plan.ts';
import { plainPath, plainWord, quoteWord, statementWord } from '../lib/shell-words.ts';
import { instanceOf, planNodes } from '../steps/need.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/** How a person's shell reaches the servers of a plan: `mysql` through tunnels where the plan says ssh, and `ssh`. */

/** Local ends of the tunnels are counted from here, unless the person names another port on top of the sheet. */
const firstTunnelPort = 23_300;
const connectSeconds = 10;

/** The statements of one session, in this order, with what they answer printed column by column. */
export function mysqlLine({ plan }: SheetGround, node: string, statements: readonly string[]): string {
  return `${mysqlTo(plan, node)} -E -e ${statementWord(statements.join('; '))}`;
}

/** The client's words up to its flags. */
export function mysqlTo(plan: Plan, node: string): string {
  const { via, address, port } = instanceOf(plan, node);
  if (via === 'ssh') return `$MYSQL -h 127.0.0.1 -P ${tunnelEnd(plan, node)}`;
  // The client takes `localhost` for a socket, whatever port is named.
  const protocol = address === 'localhost' ? ' --protocol=TCP' : '';
  return `$MYSQL -h ${plainWord(address)} -P ${port}${protocol}`;
}

/** One command on a host, its words quoted for the shell there and the whole for the shell here. */
export function sshLine({ plan }: SheetGround, host: string, script: string): string {
  // -n: a pasted block of lines must not be read by the first ssh in it.
  return `ssh -n ${sshTo(plan, host)} ${quoteWord(script)}`;
}

/** What must be so before anything else is sent: the client's option file, and the tunnels. */
export function setupSection({ plan }: SheetGround): SheetSection {
  const tunnels = tunnelsOf(plan);
  const lines: readonly SheetLine[] = [
    {
      where: 'here',
      says: `Name the option file of an account that may do what the cockpit's own may (the plan: ${credentialText(plan.accounts.operator)}).`,
      command: `MYSQL="mysql --defaults-file=${optionFileOf(plan.accounts.operator)} --connect-timeout=${connectSeconds}"`,
      expects: { kind: 'no-error' },
    },
    ...(tunnels.length === 0 ? [] : [portLine(tunnels.length)]),
    ...tunnels.map((tunnel) => tunnelLine(plan, tunnel)),
  ];
  const own = plan.instances.filter(
    ({ id, operator }) => operator !== undefined && planNodes(plan).includes(id),
  );
  return {
    title: 'Make ready',
    text: [
      'In one shell (sh or bash), from top to bottom, one line at a time. Stop at the first answer that is not the expected one, and read what stands beside it.',
      'The option file holds user=, password= and what TLS needs, and is readable for you alone (chmod 600). No password stands on this sheet.',
      ...own.map(
        ({ id, operator }) =>
          `${id} has an account of its own in the plan: ${credentialText(present(operator, id))}.`,
      ),
    ],
    lines,
  };
}

/** Ends the tunnels again. */
export function tunnelsClosed({ plan }: SheetGround): readonly SheetSection[] {
  const tunnels = tunnelsOf(plan);
  if (tunnels.length === 0) return [];
  const lines = tunnels.map(({ host }): SheetLine => ({
    where: host,
    says: 'Close its tunnel.',
    command: `ssh -S ${controlOf(host)} -O exit ${sshTo(plan, host)}`,
    expects: { kind: 'no-error' },
    otherwise: 'It is closed already.',
  }));
  return [{ title: 'At the very end', text: [], lines }];
}

function portLine(count: number): SheetLine {
  return {
    where: 'here',
    says: `The tunnels' local ports follow this one (${count} hosts); take another number when one of them is in use.`,
    command: `P=${firstTunnelPort}`,
    expects: { kind: 'no-error' },
  };
}

type Tunnel = { readonly host: string; readonly instances: readonly Instance[] };

function tunnelsOf(plan: Plan): readonly Tunnel[] {
  const tunnelled = plan.instances.filter(({ id, via }) => via === 'ssh' && planNodes(plan).includes(id));
  return [...new Set(tunnelled.map(({ host }) => host))].map((host) => ({
    host,
    instances: tunnelled.filter((instance) => instance.host === host),
  }));
}

function tunnelLine(plan: Plan, { host, instances }: Tunnel): SheetLine {
  const ends = instances.map(({ id, socket, address, port }) => {
    const far = socket ?? `${bracketed(address)}:${port}`;
    return `-L 127.0.0.1:${tunnelEnd(plan, id)}:${plainWord(far)}`;
  });
  return {
    where: host,
    says: `Tunnel to ${instances.map(({ id }) => id).join(', ')}.`,
    command: `ssh -f -N -M -S ${controlOf(host)} -o ExitOnForwardFailure=yes ${ends.join(' ')} ${sshTo(plan, host)}`,
    expects: { kind: 'no-error' },
    otherwise:
      'A local port is in use (choose another P and begin again), or the host is not reached: no line to its servers will work.',
  };
}

function tunnelEnd(plan: Plan, node: string): string {
  return `$((P+${plan.instances.findIndex(({ id }) => id === node) + 1}))`;
}

function controlOf(host: string): string {
  return `./cutover-${plainWord(host)}.ssh`;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Options and destination of a host, as ssh takes them. */
export function sshTo(plan: Plan, host: string): string {
  return sshWords(plan, hostOf(plan, host), null).join(' ');
}

function hostOf(plan: Plan, host: string): Host {
  return present(
    plan.hosts.find(({ id }) => id === host),
    host,
  );
}

/** `hops`: through which hosts, first hop first; null: those of the plan. */
function sshWords(plan: Plan, { id, ssh }: Host, hops: readonly string[] | null): readonly string[] {
  // A host without access in the plan is reached by its name, as the person's own ssh knows it.
  if (ssh === undefined) return [plainWord(id)];
  const known = ssh.knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${plainWord(ssh.knownHosts)}`];
  if ('alias' in ssh) {
    const config = ssh.configFile === undefined ? [] : ['-F', plainPath(ssh.configFile)];
    return [...config, ...known, plainWord(ssh.alias)];
  }
  const through = hops ?? ssh.jump;
  const last = through.at(-1);
  return [
    ...(ssh.port === 22 ? [] : ['-p', String(ssh.port)]),
    ...(ssh.identityFile === undefined ? [] : ['-i', plainPath(ssh.identityFile)]),
    ...known,
    ...(last === undefined ? [] : ['-o', jumpWord(plan, last, through.slice(0, -1))]),
    `${plainWord(ssh.user)}@${plainWord(ssh.address)}`,
  ];
}

/** The last hop, itself reached through those before it: each with its own key and port, which -J could not say. */
function jumpWord(plan: Plan, hop: string, hops: readonly string[]): string {
  const to = sshWords(plan, hostOf(plan, hop), hops).join(' ');
  return quoteWord(`ProxyCommand=ssh -W [%h]:%p ${to.replaceAll('%', '%%')}`);
}

/** Where an account's password is found, in words; never the password. */
export function credentialText(credential: Credential): string {
  if ('loginPath' in credential) return `login path ${credential.loginPath}`;
  if ('optionFile' in credential)
    return `option file ${credential.optionFile}${credential.group === undefined ? '' : `, group [${credential.group}]`}`;
  return `user ${credential.user}`;
}

/** The plan's own option file where it has one that can stand in an unquoted word; otherwise a name to be changed. */
function optionFileOf(credential: Credential): string {
  const file = 'optionFile' in credential ? credential.optionFile : '';
  const usual = /^(~\/)?[A-Za-z0-9_./-]+$/.test(file);
  return usual ? file.replace(/^~\//, '$HOME/') : '$HOME/cutover-emergency.cnf';
}
