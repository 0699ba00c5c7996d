import { recordGroups, sayAnswer } from './answering.ts';
import type { Complaint } from './complaint.ts';
import { hostWithSsh } from './judge-references.ts';
import { namesOf } from './mistake.ts';
import type { PlannedDns, PlannedRecord } from './plan-dns.ts';
import type { FlipFile, PlannedFlip } from './plan-flip.ts';
import type { Plan } from './plan.ts';

/** What the data-plane flip of a plan needs so that it turns what it is to turn, and nothing else. */
export function judgeFlip(plan: Plan): readonly Complaint[] {
  const { dns } = plan;
  if (dns?.flip === undefined) return [];
  const { flip } = dns;
  if (flip.by === 'routing-controls')
    return [
      complaint(
        ['by'],
        'flip.by is routing-controls, expected files: the cluster endpoints of ARC are not reached by this version. Turn the health checks by files on hosts of the plan, or leave the flip out: then the change batch announces',
      ),
    ];
  return [
    ...flip.files.flatMap((file, index) => judgeFile(plan, dns, [flip, file, index])),
    ...(flip.batch === 'plan-b' ? recordGroups(dns.records).flatMap((group) => judgeTurn(dns, group)) : []),
  ];
}

function complaint(path: Complaint['path'], message: string): Complaint {
  return { path: ['dns', 'flip', ...path], message, needs: [['dns']] };
}

function judgeFile(
  plan: Plan,
  dns: PlannedDns,
  [flip, file, index]: readonly [PlannedFlip, FlipFile, number],
): readonly Complaint[] {
  const at = ['files', index] as const;
  const check = dns.healthChecks.find(({ id }) => id === file.healthCheck);
  const first = flip.files.findIndex(({ host: on, path }) => on === file.host && path === file.path);
  const isUsed = dns.records.some(
    ({ before }) => before !== 'absent' && before.healthCheck === file.healthCheck,
  );
  const complaints: Complaint[] = [...hostWithSsh(plan, file.host, ['dns', 'flip', ...at, 'host'])];
  if (first !== index)
    complaints.push(
      complaint([...at, 'path'], `${file.path} on ${file.host} is named twice, expected each file once`),
    );
  if (check === undefined)
    complaints.push({
      path: ['dns', 'flip', ...at, 'healthCheck'],
      message: `there is no health check "${file.healthCheck}", expected one of ${namesOf(dns.healthChecks.map(({ id }) => id))}`,
      needs: [],
      refers: { section: 'dns/healthChecks', id: file.healthCheck },
    });
  else if (check.type === 'EXISTING')
    complaints.push(
      complaint(
        [...at, 'healthCheck'],
        `health check ${check.id} is of type EXISTING, expected one whose interval and threshold the plan says: without them nobody can tell how long the flip takes`,
      ),
    );
  else if (!isUsed)
    complaints.push(
      complaint(
        [...at, 'healthCheck'],
        `no record set of before has health check ${check.id}, expected one: what it answers would turn nothing`,
      ),
    );
  const other = flip.files.find(
    ({ healthCheck, standsFor }) => healthCheck === file.healthCheck && standsFor !== file.standsFor,
  );
  if (other !== undefined)
    complaints.push(
      complaint(
        [...at, 'standsFor'],
        `files of health check ${file.healthCheck} stand for both sides, expected one side: it could never be healthy`,
      ),
    );
  return complaints;
}

/** The flip alone must lead to the very answer that the change batch leads to. */
function judgeTurn(dns: PlannedDns, group: readonly PlannedRecord[]): readonly Complaint[] {
  const said = (sets: 'before' | 'after', files: 'source' | 'target'): string =>
    sayAnswer(dns, group, { sets, files });
  const today = said('before', 'source');
  const wanted = said('after', 'target');
  const flipped = said('before', 'target');
  const [first] = group;
  if (first === undefined || flipped === wanted) return [];
  return [
    complaint(
      ['files'],
      `the flip leaves ${first.name} ${first.type} at ${flipped === today ? `${today}, as it is today` : flipped}, expected ${wanted} as the plan's after answers: give its record sets of before both answers, chosen by the flip's health checks, or say batch: also`,
    ),
  ];
}
