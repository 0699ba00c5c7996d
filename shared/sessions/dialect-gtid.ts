import { parseMariadbGtids } from '../observations/mariadb-gtid.ts';
import { Unreadable } from './dialect-rows.ts';

/**
 * MariaDB's wait function and gtid_slave_pos take one GTID a domain, while gtid_binlog_state has one a domain and
 * server: this keeps the highest sequence of each domain.
 */
export function maxPerDomain(state: string): string {
  const parsed = parseMariadbGtids(state);
  if (!parsed.ok) throw new Unreadable(`A GTID state of MariaDB cannot be read: ${parsed.error}.`);
  const highest = new Map<string, { readonly key: string; readonly sequence: bigint }>();
  for (const [key, sequence] of parsed.value) {
    const domain = key.slice(0, key.indexOf('-'));
    const before = highest.get(domain);
    if (before === undefined || sequence > before.sequence) highest.set(domain, { key, sequence });
  }
  return [...highest.values()].map(({ key, sequence }) => `${key}-${sequence}`).join(',');
}
