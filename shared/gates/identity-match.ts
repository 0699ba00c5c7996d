import { contains } from '../observations/gtid-set.ts';
import type { PlannedIdentity } from '../plan/plan.ts';
import type { Identity } from '../sessions/identity.ts';

/** What is known of the server at the other end; the host key is null when the session runs through no SSH host. */
export type SeenIdentity = { readonly identity: Identity; readonly hostKey: string | null };

/** How one planned trait compares with what was seen. */
export type Trait = {
  readonly trait: string;
  readonly expected: string;
  readonly seen: string;
  readonly same: boolean;
};

/** Compares every trait the plan gives with the server: MySQL by uuid; MariaDB by id, host key, datadir and binlog state. */
export function compareIdentity(
  planned: PlannedIdentity,
  { identity, hostKey }: SeenIdentity,
): readonly Trait[] {
  const traits: Trait[] = [];
  const add = (trait: string, expected: string, seen: string | null): void => {
    traits.push({ trait, expected, seen: seen ?? 'none', same: seen !== null && seen === expected });
  };
  if (planned.serverUuid !== undefined)
    add('server_uuid', planned.serverUuid.toLowerCase(), identity.serverUuid?.toLowerCase() ?? null);
  if (planned.serverId !== undefined) add('server_id', String(planned.serverId), String(identity.serverId));
  if (planned.hostKey !== undefined)
    add('SSH host key', bareKey(planned.hostKey), hostKey === null ? null : bareKey(hostKey));
  if (planned.datadir !== undefined)
    add('datadir', bareDirectory(planned.datadir), bareDirectory(identity.datadir));
  if (planned.gtidBinlogState !== undefined) {
    traits.push({
      trait: 'gtid_binlog_state',
      expected: `a state that contains ${planned.gtidBinlogState}`,
      seen: identity.gtidState === '' ? 'none' : identity.gtidState,
      same: stateContains(identity, planned.gtidBinlogState),
    });
  }
  return traits;
}

/** Whether the traits given suffice to tell this server from a rebuilt, empty one on the same machine. */
export function namesServer(planned: PlannedIdentity, flavor: Identity['flavor']): boolean {
  return flavor === 'mysql'
    ? planned.serverUuid !== undefined
    : planned.serverId !== undefined &&
        planned.hostKey !== undefined &&
        planned.datadir !== undefined &&
        planned.gtidBinlogState !== undefined;
}

/**
 * Whether a server may be the one of a deny entry. Closed in doubt: a trait that cannot be seen (no SSH host, another
 * binlog state after a restore) acquits nobody; only a trait that was seen and differs does.
 */
export function mayBeDenied(denied: PlannedIdentity, seen: SeenIdentity): boolean {
  if (denied.serverUuid !== undefined && seen.identity.serverUuid !== null) {
    return denied.serverUuid.toLowerCase() === seen.identity.serverUuid.toLowerCase();
  }
  // A uuid is MySQL's, the others are MariaDB's: without one comparable trait this entry speaks of the other flavour.
  const others = compareIdentity({ ...denied, serverUuid: undefined, gtidBinlogState: undefined }, seen);
  const differing = others.some((trait) => !trait.same && trait.seen !== 'none');
  if (others.length > 0) return !differing;
  return denied.gtidBinlogState !== undefined && stateContains(seen.identity, denied.gtidBinlogState);
}

/** Whether two sessions reached one and the same server. */
export function sameServer(a: Identity, b: Identity): boolean {
  if (a.serverUuid !== null && b.serverUuid !== null)
    return a.serverUuid.toLowerCase() === b.serverUuid.toLowerCase();
  return (
    a.serverId === b.serverId &&
    a.hostname === b.hostname &&
    a.port === b.port &&
    bareDirectory(a.datadir) === bareDirectory(b.datadir)
  );
}

function stateContains(identity: Identity, wanted: string): boolean {
  const place = (gtid: string) => ({ flavor: identity.flavor, file: null, offset: null, gtid });
  const held = contains(place(identity.gtidState), place(wanted));
  return held.ok && held.value;
}

function bareKey(fingerprint: string): string {
  return fingerprint.replace(/=+$/, '');
}

/** A directory without its last slash: servers write it either way. */
export function bareDirectory(directory: string): string {
  return directory.replace(/\/+$/, '');
}
