import type { Flavor } from './identity.ts';

/** How far the cockpit's knowledge of a version was checked: on a real server, or only against its manual. */
export type VersionProof = 'proven' | 'from-documentation';

/** A server version that the cockpit speaks. */
export type ServerVersion = {
  readonly flavor: Flavor;
  /** Three numbers, e.g. `10.11.19`. */
  readonly text: string;
  readonly numbers: readonly [number, number, number];
  readonly proof: VersionProof;
};

type Series = {
  readonly flavor: Flavor;
  readonly major: number;
  readonly minors: readonly [number, number];
  /** The first patch release whose words the dialect knows. */
  readonly fromPatch: number;
  readonly proof: VersionProof;
};

// Versions are listed, never extrapolated: a server that is not here is refused, because a renamed column or a moved
// default would be met in the middle of the minute. `proven` only after the conformance suite passed on a real server.
const series: readonly Series[] = [
  { flavor: 'mariadb', major: 10, minors: [11, 11], fromPatch: 0, proof: 'proven' },
  { flavor: 'mariadb', major: 11, minors: [8, 8], fromPatch: 0, proof: 'proven' },
  // Before 10.5.2 the privileges that pass read_only had other names.
  { flavor: 'mariadb', major: 10, minors: [5, 5], fromPatch: 2, proof: 'proven' },
  { flavor: 'mariadb', major: 10, minors: [6, 10], fromPatch: 0, proof: 'from-documentation' },
  { flavor: 'mariadb', major: 11, minors: [0, 7], fromPatch: 0, proof: 'from-documentation' },
  { flavor: 'mariadb', major: 12, minors: [0, 3], fromPatch: 0, proof: 'from-documentation' },
  { flavor: 'mysql', major: 9, minors: [7, 7], fromPatch: 0, proof: 'proven' },
  // Before 5.7.8 there is no super_read_only.
  { flavor: 'mysql', major: 5, minors: [7, 7], fromPatch: 8, proof: 'from-documentation' },
  { flavor: 'mysql', major: 8, minors: [0, 0], fromPatch: 11, proof: 'from-documentation' },
  { flavor: 'mysql', major: 8, minors: [1, 4], fromPatch: 0, proof: 'from-documentation' },
  { flavor: 'mysql', major: 9, minors: [0, 6], fromPatch: 0, proof: 'from-documentation' },
];

/** Release series that real servers confirmed, e.g. `10.11`. */
export const provenSeries: readonly { readonly flavor: Flavor; readonly series: string }[] = series.flatMap(
  ({ flavor, major, minors: [first, last], proof }) =>
    proof === 'proven'
      ? Array.from({ length: last - first + 1 }, (_, place) => ({
          flavor,
          series: `${major}.${first + place}`,
        }))
      : [],
);

// Servers that answer with a MySQL version and are something else: their status and their locks differ.
const impostors = /tidb|vitess|aurora|singlestore|oceanbase|doris|starrocks|clickhouse/i;

/**
 * Reads `@@version` (and `@@version_comment`) into a version the cockpit speaks; null: unknown, to be refused.
 * Shapes: `10.11.19-MariaDB-0+deb12u1-log`, `9.7.4-2`, `8.0.36-28`, `5.7.44-log`.
 */
export function parseVersion(versionText: string, versionComment: string): ServerVersion | null {
  if (impostors.test(versionText) || impostors.test(versionComment)) return null;
  const found = /^(?:5\.5\.5-)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:$|[^\d.])/.exec(versionText);
  if (found === null) return null;
  const numbers = [Number(found[1]), Number(found[2]), Number(found[3])] as const;
  const [major, minor, patch] = numbers;
  const flavor: Flavor = /mariadb/i.test(versionText) ? 'mariadb' : 'mysql';
  const known = series.find(
    (one) =>
      one.flavor === flavor &&
      one.major === major &&
      minor >= one.minors[0] &&
      minor <= one.minors[1] &&
      (minor > one.minors[0] || patch >= one.fromPatch),
  );
  if (known === undefined) return null;
  return { flavor, text: numbers.join('.'), numbers: [major, minor, patch], proof: known.proof };
}

/** Whether a version was confirmed on a real server; null: the cockpit does not speak it. For the version gate. */
export function versionProof(flavor: Flavor, version: string): VersionProof | null {
  const parsed = parseVersion(flavor === 'mariadb' ? `${version}-MariaDB` : version, '');
  return parsed === null ? null : parsed.proof;
}

/** Whether `version` is at least `least`, part by part. */
export function atLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [index, wanted] of least.entries()) {
    const given = version[index] ?? 0;
    if (given !== wanted) return given > wanted;
  }
  return true;
}

/** What the refusal of an unknown version says: seen, expected, what to do. */
export function unknownVersionMessage(versionText: string, versionComment: string): string {
  const spoken = series.map(({ flavor, major, minors: [first, last] }) => {
    const name = flavor === 'mariadb' ? 'MariaDB' : 'MySQL';
    return first === last ? `${name} ${major}.${first}` : `${name} ${major}.${first}–${major}.${last}`;
  });
  return (
    `The server says it is ${JSON.stringify(versionText)} (${versionComment}). This cockpit speaks ${spoken.join(', ')} ` +
    'and nothing else: a server whose words it does not know cannot be switched safely.'
  );
}
