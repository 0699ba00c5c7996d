import { recordGroups, sayAnswer } from './answering.ts';
import type { Complaint } from './complaint.ts';
import { hostWithSsh } from './judge-references.ts';
import { namesOf } from './mistake.ts';
import type { PlannedDns, PlannedRecord } from './plan-dns.ts';
import { flipTurns, type FlipCluster, type FlipFile, type FlipTurn, type PlannedFlip } from './plan-flip.ts';
import type { Plan } from './plan.ts';

/** What the data-plane flip of a plan needs so that it turns what it is to turn, and nothing else. */
export function judgeFlip(plan: Plan): readonly Complaint[] {
  const { dns } = plan;
  if (dns?.flip === undefined) return [];
  const { flip } = dns;
  return [
    ...judgeKind(flip),
    ...flip.files.flatMap((file, index) => judgeFile(plan, dns, [flip, file, index])),
    ...(flip.cluster === undefined ? [] : judgeCluster(dns, flip, flip.cluster)),
    ...(flip.batch === 'plan-b' ? recordGroups(dns.records).flatMap((group) => judgeTurn(dns, group)) : []),
  ];
}

function complaint(path: Complaint['path'], message: string): Complaint {
  return { path: ['dns', 'flip', ...path], message, needs: [['dns']] };
}

/** A flip turns by one kind, and has what that kind needs: of two kinds one could hold what the other one let go. */
function judgeKind({ by, files, cluster }: PlannedFlip): readonly Complaint[] {
  const [needed, other, hasNeeded, hasOther] =
    by === 'files'
      ? (['files', 'cluster', files.length > 0, cluster !== undefined] as const)
      : (['cluster', 'files', cluster !== undefined, files.length > 0] as const);
  return [
    ...(hasNeeded
      ? []
      : [complaint(['by'], `flip.by is ${by}, expected flip.${needed} with what is turned`)]),
    ...(hasOther ? [complaint([other], `flip.by is ${by}, expected no flip.${other} beside it`)] : []),
  ];
}

function judgeCluster(
  dns: PlannedDns,
  flip: PlannedFlip,
  { endpoints, controls }: FlipCluster,
): readonly Complaint[] {
  const twice = <T>(
    list: readonly T[],
    what: 'endpoints' | 'controls',
    key: (one: T) => string,
  ): readonly Complaint[] =>
    list.flatMap((one, index) =>
      list.findIndex((other) => key(other) === key(one)) === index
        ? []
        : [
            complaint(
              ['cluster', what, index],
              `${key(one)} is named twice, expected each of the ${what} once`,
            ),
          ],
    );
  return [
    ...twice(endpoints, 'endpoints', ({ url }) => url),
    ...twice(endpoints, 'endpoints', ({ region }) => region),
    ...twice(controls, 'controls', ({ arn }) => arn),
    ...controls.flatMap((control, index) => {
      const at = ['cluster', 'controls', index] as const;
      const check = dns.healthChecks.find(({ id }) => id === control.healthCheck);
      return [
        ...judgeTurned(dns, flip, [control, at]),
        ...(check === undefined || check.type === 'EXISTING'
          ? []
          : [
              complaint(
                [...at, 'healthCheck'],
                `health check ${check.id} is of type ${check.type}, expected EXISTING with the healthCheckId of one of type RECOVERY_CONTROL: an endpoint that is asked follows no routing control`,
              ),
            ]),
      ];
    }),
  ];
}

/** What either kind owes the health check that it turns: it is there, some record set of before has it, and it stands for one side. */
function judgeTurned(
  dns: PlannedDns,
  flip: PlannedFlip,
  [{ healthCheck, standsFor }, at]: readonly [FlipTurn, Complaint['path']],
): readonly Complaint[] {
  const isUsed = dns.records.some(({ before }) => before !== 'absent' && before.healthCheck === healthCheck);
  const complaints: Complaint[] = [];
  if (!dns.healthChecks.some(({ id }) => id === healthCheck))
    complaints.push({
      path: ['dns', 'flip', ...at, 'healthCheck'],
      message: `there is no health check "${healthCheck}", expected one of ${namesOf(dns.healthChecks.map(({ id }) => id))}`,
      needs: [],
      refers: { section: 'dns/healthChecks', id: healthCheck },
    });
  else if (!isUsed)
    complaints.push(
      complaint(
        [...at, 'healthCheck'],
        `no record set of before has health check ${healthCheck}, expected one: what it answers would turn nothing`,
      ),
    );
  const other = flipTurns(flip).find(
    (turn) => turn.healthCheck === healthCheck && turn.standsFor !== standsFor,
  );
  if (other !== undefined)
    complaints.push(
      complaint(
        [...at, 'standsFor'],
        `${flip.by === 'files' ? 'files' : 'routing controls'} of health check ${healthCheck} stand for both sides, expected one side: it could never be healthy`,
      ),
    );
  return complaints;
}

function judgeFile(
  plan: Plan,
  dns: PlannedDns,
  [flip, file, index]: readonly [PlannedFlip, FlipFile, number],
): readonly Complaint[] {
  const at = ['files', index] as const;
  const check = dns.healthChecks.find(({ id }) => id === file.healthCheck);
  const first = flip.files.findIndex(({ host: on, path }) => on === file.host && path === file.path);
  const complaints: Complaint[] = [...hostWithSsh(plan, file.host, ['dns', 'flip', ...at, 'host'])];
  if (first !== index)
    complaints.push(
      complaint([...at, 'path'], `${file.path} on ${file.host} is named twice, expected each file once`),
    );
  if (check?.type === 'EXISTING')
    complaints.push(
      complaint(
        [...at, 'healthCheck'],
        `health check ${check.id} is of type EXISTING, expected one whose interval and threshold the plan says: without them nobody can tell how long the flip takes`,
      ),
    );
  return [...complaints, ...judgeTurned(dns, flip, [file, at])];
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
