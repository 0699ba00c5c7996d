import { parseDnsName } from '../observations/dns-name.ts';
import type { Complaint } from './complaint.ts';
import type { PlannedDns } from './plan-dns.ts';
import type { Plan } from './plan.ts';

/** Scratch names: each inside its zone, apart from every planned name, and in rehearsals alone. */
export function judgeScratchNames(dns: PlannedDns, environment: Plan['environment']): readonly Complaint[] {
  return dns.zones.flatMap(({ id, name, scratchName }, index): readonly Complaint[] => {
    if (scratchName === undefined) return [];
    const complain = (message: string): Complaint => ({
      path: ['dns', 'zones', index, 'scratchName'],
      message: `zone ${id} has the scratchName ${scratchName}${message}`,
      needs: [],
    });
    if (environment === 'production')
      return [complain(', expected none in a production plan: changes are tried in rehearsals alone')];
    const scratch = parseDnsName(scratchName);
    const zone = parseDnsName(name) ?? name;
    if (scratch === null || !isBelow(scratch, zone)) return [complain(`, expected a name inside ${name}`)];
    const taken = dns.records.find(
      (record) => record.zone === id && touches(parseDnsName(record.name) ?? record.name, scratch),
    );
    return taken === undefined
      ? []
      : [complain(`, where the plan has ${taken.name}: expected a name that nothing uses`)];
  });
}

function isBelow(name: string, above: string): boolean {
  return name.endsWith(`.${above}`);
}

function touches(planned: string, scratch: string): boolean {
  return planned === scratch || isBelow(planned, scratch);
}
