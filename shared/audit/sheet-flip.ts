import { present } from '../lib/assert.ts';
import { plainPath, plainWord } from '../lib/shell-words.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import type { FlipCluster, FlipFile } from '../plan/plan-flip.ts';
import { statesFor } from '../steps/flip-controls.ts';
import { planesOf } from '../steps/flip-planes.ts';
import { sshLine } from './sheet-reach.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/**
 * The flip by hand: the target's files first, each read back, then the source's away; of routing controls one command, and
 * each read back. None where the plan has no flip.
 */
export function flipSections(ground: SheetGround): readonly SheetSection[] {
  const { dns } = ground.plan;
  if (dns?.flip === undefined) return [];
  const { files, cluster } = dns.flip;
  const inOrder = (['target', 'source'] as const).flatMap((side) =>
    files.filter(({ standsFor }) => standsFor === side),
  );
  const isDone = ground.run.steps['flip']?.state === 'done';
  return [
    {
      title: isDone
        ? 'See that the checked endpoints answer for the target'
        : "Turn Route 53's health checks by hand",
      text: [
        cluster === undefined
          ? 'Only when every chain is open. From top to bottom: where the source is taken out before the target is in, Route 53 answers with both.'
          : 'Only when every chain is open. Any endpoint of the cluster takes it for all of them; one that does not answer is left for the next. The aws command line without --cli-connect-timeout waits for a minute.',
        ...planesOf(dns).map(({ says }) => `By the ${says}.`),
      ],
      lines:
        cluster === undefined
          ? inOrder.map((file) => fileLine(ground, file, isDone))
          : controlLines(dns, cluster, isDone),
    },
  ];
}

/** At each endpoint in turn: set all, only where the one before it did not answer; then read each control back. */
function controlLines({ emulator }: PlannedDns, cluster: FlipCluster, isDone: boolean): readonly SheetLine[] {
  const { endpoints, profile } = cluster;
  const states = Object.entries(statesFor(cluster, 'target'));
  const awsAt = (place: number): string => {
    const { url, region } = present(endpoints[place], 'an endpoint');
    const at = emulator === undefined ? url : `http://127.0.0.1:${emulator.apiPort}/cluster/${place}`;
    const as = profile === undefined ? '' : ` --profile ${plainWord(profile)}`;
    return `aws${as} --cli-connect-timeout 3 --cli-read-timeout 5 --region ${region} --endpoint-url ${plainWord(at)} route53-recovery-cluster`;
  };
  const entries = states
    .map(([arn, state]) => plainWord(`RoutingControlArn=${arn},RoutingControlState=${state}`))
    .join(' ');
  const sets = endpoints.map(({ region }, place): SheetLine => ({
    where: `ARC in ${region}`,
    says: "The target's routing controls On and the source's Off, all at once or not at all.",
    command: `${awsAt(place)} update-routing-control-states --update-routing-control-state-entries ${entries}`,
    expects: { kind: 'no-error' },
    otherwise:
      'ConflictException: a safety rule forbids it; call whoever made the rule, and never name it to be overridden. Anything else, or no answer: the next endpoint; setting the same states twice does no harm.',
    ...(place === 0 ? {} : { onlyOtherwise: true as const }),
  }));
  const reads = states.flatMap(([arn, state]) =>
    endpoints.map(({ region }, place): SheetLine => ({
      where: `ARC in ${region}`,
      says: `${arn} is ${state}.`,
      command: `${awsAt(place)} get-routing-control-state --routing-control-arn ${plainWord(arn)} --query RoutingControlState --output text`,
      expects: { kind: 'answer', text: state },
      otherwise:
        'Without an answer: the next endpoint. The other state: it was not taken; the change of the zone below leads to the same answer.',
      ...(place === 0 ? {} : { onlyOtherwise: true as const }),
    })),
  );
  return isDone ? reads : [...sets, ...reads];
}

function fileLine(ground: SheetGround, { host, path, standsFor }: FlipFile, isDone: boolean): SheetLine {
  const file = plainPath(path);
  const content = (ground.plan.dns?.flip?.content ?? '')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll("'", "'\\''");
  const [change, seen] =
    standsFor === 'target'
      ? [`printf '${content}' > ${file} && `, `test -e ${file} && echo there`]
      : [`rm -f -- ${file} && `, `test ! -e ${file} && echo gone`];
  return {
    where: host,
    says:
      standsFor === 'target'
        ? `The target's endpoint is healthy: ${path} is there.`
        : `The source's endpoint is out: ${path} is gone.`,
    command: sshLine(ground, host, `${isDone ? '' : change}${seen}`),
    expects: { kind: 'answer', text: standsFor === 'target' ? 'there' : 'gone' },
    otherwise: 'Do not go on to the next file; the change of the zone below leads to the same answer.',
  };
}
