import { dangling, type Complaint } from './complaint.ts';
import { namesOf, nearestName } from './mistake.ts';
import type { Chain, Member, Plan } from './plan.ts';
import type { Path } from './tree.ts';

type Role = 'source-master' | 'source-slave' | 'target-master' | 'target-replica';
type Place = { readonly role: Role; readonly member: Member; readonly path: Path };

/** Each chain is one dataset whose links make sense: every node follows, step by step, a source master of its chain. */
export function judgeChains(plan: Plan): readonly Complaint[] {
  return [
    ...plan.chains.flatMap((chain, index) => judgeChain(plan, chain, ['chains', index])),
    ...judgeMembership(plan),
  ];
}

function placesOf(chain: Chain, path: Path): readonly Place[] {
  const list = (role: Role, members: readonly Member[], steps: Path): readonly Place[] =>
    members.map((member, index) => ({ role, member, path: [...path, ...steps, index] }));
  return [
    ...list('source-master', chain.source.masters, ['source', 'masters']),
    ...list('source-slave', chain.source.slaves, ['source', 'slaves']),
    ...list('target-master', chain.target.masters, ['target', 'masters']),
    ...list('target-replica', chain.target.replicas, ['target', 'replicas']),
  ];
}

function judgeChain(plan: Plan, chain: Chain, path: Path): readonly Complaint[] {
  const places = placesOf(chain, path);
  return [
    ...places.flatMap((place) => [
      ...dangling(plan, 'instances', { id: place.member.instance, path: [...place.path, 'instance'] }),
      ...judgeLink(chain, place, places),
    ]),
    ...judgeRing(chain, path),
    ...judgeEntry(chain, path),
    ...judgeFilePositions(chain, path),
    ...judgeLoops(chain, places),
    ...judgeWayBack(chain, path),
  ];
}

/** Whether `from` is there where it must be, and names a node that may feed this one. */
function judgeLink(chain: Chain, place: Place, places: readonly Place[]): readonly Complaint[] {
  const { from, instance } = place.member;
  const needs = [place.path.slice(0, 2)];
  const wrong = (message: string): readonly Complaint[] => [
    { path: from === undefined ? place.path : [...place.path, 'from'], message, needs },
  ];
  if (from === undefined) {
    if (place.role !== 'source-master')
      return wrong(`${instance} of chain ${chain.id} has no from, expected the instance it replicates from`);
    return chain.source.masters.length > 1
      ? wrong(
          `source master ${instance} of chain ${chain.id} has no from, expected the other source master it replicates from`,
        )
      : [];
  }
  if (from === instance)
    return wrong(`${instance} replicates from itself, expected another instance of chain ${chain.id}`);
  const feeder = places.find((candidate) => candidate.member.instance === from);
  const names = places.map((candidate) => candidate.member.instance).filter((name) => name !== instance);
  if (feeder === undefined) {
    const near = nearestName(from, names);
    return wrong(
      `"${from}" is no member of chain ${chain.id}, expected ${near === null ? `one of ${namesOf(names)}` : `"${near}"`}`,
    );
  }
  if (place.role === 'source-master' && feeder.role !== 'source-master')
    return wrong(
      `source master ${instance} replicates from ${from}, which is no source master, expected a source master`,
    );
  if (place.role === 'source-slave' && !feeder.role.startsWith('source'))
    return wrong(
      `source slave ${instance} replicates from the target ${from}, expected an instance of the source side`,
    );
  if (place.role === 'target-replica' && !feeder.role.startsWith('target'))
    return wrong(
      `target replica ${instance} replicates from ${from} of the source side, expected an instance of the target side: it must follow the target after promotion`,
    );
  return [];
}

/** More than one source master: following `from` passes each of them once and comes back. */
function judgeRing(chain: Chain, path: Path): readonly Complaint[] {
  const masters = new Map(chain.source.masters.map((member) => [member.instance, member.from]));
  const feeders = [...masters.values()];
  if (masters.size < 2 || feeders.some((from) => from === undefined || !masters.has(from))) return [];
  const first = chain.source.masters[0]?.instance;
  let here = first;
  for (let steps = 1; steps < masters.size; steps += 1) {
    here = masters.get(here ?? '');
    if (here === first || here === undefined) break;
  }
  const closed = here !== first && masters.get(here ?? '') === first;
  if (closed && new Set(feeders).size === masters.size) return [];
  const links = chain.source.masters.map((member) => `${member.instance} ← ${member.from ?? '?'}`).join(', ');
  return [
    {
      path: [...path, 'source', 'masters'],
      message: `the source masters of chain ${chain.id} form no single ring (${links}), expected each to replicate from the next and all to be passed`,
      needs: [path],
    },
  ];
}

/** At least one target master is fed by the source: otherwise nothing can be drained. */
function judgeEntry(chain: Chain, path: Path): readonly Complaint[] {
  const source = new Set([...chain.source.masters, ...chain.source.slaves].map((member) => member.instance));
  const fed = chain.target.masters.some((member) => member.from === undefined || source.has(member.from));
  if (fed) return [];
  const message = `no target master of chain ${chain.id} replicates from its source, expected at least one whose from is a source instance`;
  return [{ path: [...path, 'target', 'masters'], message, needs: [path] }];
}

/**
 * Without GTID a target is proven by the log of its direct source alone, and only masters' logs are read after the fence:
 * behind a slave nothing could ever be proven, and the run would end at its first wait. Behind another target master it
 * is proven hop by hop.
 */
function judgeFilePositions(chain: Chain, path: Path): readonly Complaint[] {
  if (chain.gtid !== 'off') return [];
  const masters = [...chain.source.masters, ...chain.target.masters].map((member) => member.instance);
  return chain.target.masters.flatMap(({ instance, from }, index): readonly Complaint[] => {
    if (from === undefined || masters.includes(from)) return [];
    const message = `target master ${instance} of chain ${chain.id} replicates from ${from}, expected a master: with gtid: off it is proven by the log of its direct source`;
    return [{ path: [...path, 'target', 'masters', index, 'from'], message, needs: [path] }];
  });
}

/** Following `from` upwards from any node ends at a source master. */
function judgeLoops(chain: Chain, places: readonly Place[]): readonly Complaint[] {
  const byName = new Map(places.map((place) => [place.member.instance, place]));
  return places.flatMap((place): readonly Complaint[] => {
    if (place.role === 'source-master') return [];
    const passed = [place.member.instance];
    let here = byName.get(place.member.from ?? '');
    while (here !== undefined && here.role !== 'source-master') {
      // Told at its first node only, and not when a node merely hangs below the loop.
      if (passed.includes(here.member.instance)) break;
      passed.push(here.member.instance);
      here = byName.get(here.member.from ?? '');
    }
    if (here === undefined || here.role === 'source-master' || passed.length < 2) return [];
    const first = places.find((candidate) => passed.includes(candidate.member.instance));
    if (here !== place || first !== place) return [];
    const loop = [...passed, place.member.instance].join(' ← ');
    const message = `the links of chain ${chain.id} go in a circle (${loop}), expected every node to follow a source master in the end`;
    return [{ path: [...place.path, 'from'], message, needs: [place.path.slice(0, 2)] }];
  });
}

function judgeWayBack(chain: Chain, path: Path): readonly Complaint[] {
  if (chain.wayBack !== 'reverse' || chain.replication.reverse !== undefined) return [];
  const message = `chain ${chain.id} has wayBack: reverse but no replication.reverse, expected the account the source replicates with afterwards`;
  return [{ path: [...path, 'wayBack'], message, needs: [[...path, 'replication']] }];
}

/** An instance has one place in one chain; a target is never also a source. */
function judgeMembership(plan: Plan): readonly Complaint[] {
  const first = new Map<string, { readonly chain: string; readonly role: Role }>();
  return plan.chains.flatMap((chain, index) =>
    placesOf(chain, ['chains', index]).flatMap((place): readonly Complaint[] => {
      const { instance } = place.member;
      const before = first.get(instance);
      if (before === undefined) {
        first.set(instance, { chain: chain.id, role: place.role });
        return [];
      }
      const path = [...place.path, 'instance'];
      if (before.chain !== chain.id)
        return [
          {
            path,
            message: `instance ${instance} is already in chain ${before.chain}, expected each instance in one chain`,
            needs: [],
          },
        ];
      if (before.role.startsWith('source') && place.role.startsWith('target'))
        return [
          {
            path,
            message: `target ${instance} of chain ${chain.id} is also its source, expected another instance`,
            needs: [],
          },
        ];
      return [
        { path, message: `instance ${instance} is twice in chain ${chain.id}, expected it once`, needs: [] },
      ];
    }),
  );
}
