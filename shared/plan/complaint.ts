import { namesOf, nearestName } from './mistake.ts';
import type { Plan } from './plan.ts';
import type { Path } from './tree.ts';

/**
 * Something wrong that the schema cannot see. `path` is where it is shown. When parts of the plan were left out because
 * they break the schema, a complaint that depends on such a part is not made: it might be a consequence.
 */
export type Complaint = {
  readonly path: Path;
  readonly message: string;
  /** Paths whose completeness the complaint depends on. */
  readonly needs: readonly Path[];
  /** A declaration that was looked for: `sites` and the id. */
  readonly refers?: { readonly section: string; readonly id: string };
};

/** Sections of the plan whose items are referred to by id. */
export type Section = 'sites' | 'hosts' | 'instances' | 'chains' | 'roles';

const singular: Readonly<Record<Section, string>> = {
  sites: 'site',
  hosts: 'host',
  instances: 'instance',
  chains: 'chain',
  roles: 'role',
};

/** The complaint about a name that no item of a section declares; nothing when it is declared. */
export function dangling(
  plan: Plan,
  section: Section,
  reference: { readonly path: Path; readonly id: string | undefined },
): readonly Complaint[] {
  const { id, path } = reference;
  const declared = [...new Set(plan[section].map((item) => item.id))];
  if (id === undefined || declared.includes(id)) return [];
  const near = nearestName(id, declared);
  const expected = near === null ? `expected one of ${namesOf(declared)}` : `expected "${near}"`;
  return [
    {
      path,
      message: `there is no ${singular[section]} "${id}", ${expected}`,
      needs: [],
      refers: { section, id },
    },
  ];
}
