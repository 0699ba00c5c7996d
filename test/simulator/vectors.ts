import type { Position } from '../../shared/sessions/operations.ts';

function parts(position: Position): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const part of position.gtid.split(',').filter((one) => one !== '')) {
    if (position.flavor === 'mariadb') {
      const [domain, server, seq] = part.split('-');
      out.set(`${domain}-${server}`, Number(seq));
    } else {
      const [uuid = '', range = ''] = part.split(':');
      out.set(uuid, Number(range.split('-')[1] ?? range));
    }
  }
  return out;
}

/** Whether one position's vector covers another's: enough for the unbroken histories of these tests. */
export function contains(whole: Position, part: Position): boolean {
  const have = parts(whole);
  return [...parts(part)].every(([origin, number]) => (have.get(origin) ?? 0) >= number);
}
