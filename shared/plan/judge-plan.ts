import type { Complaint } from './complaint.ts';
import { judgeAddresses } from './judge-addresses.ts';
import { judgeBypass } from './judge-bypass.ts';
import { judgeChains } from './judge-chains.ts';
import { judgeFlip } from './judge-flip.ts';
import { judgeLimits } from './judge-limits.ts';
import { judgeIdentities } from './judge-production.ts';
import { judgeReferences } from './judge-references.ts';
import { judgeSurroundings } from './judge-surroundings.ts';
import type { Plan } from './plan.ts';

/** Judges what the schema cannot see: references, links, addresses, limits, identities and the surroundings. */
export function judgePlan(plan: Plan): readonly Complaint[] {
  return [
    ...judgeReferences(plan),
    ...judgeChains(plan),
    ...judgeBypass(plan),
    ...judgeAddresses(plan),
    ...judgeLimits(plan),
    ...judgeIdentities(plan),
    ...judgeSurroundings(plan),
    ...judgeFlip(plan),
  ];
}
