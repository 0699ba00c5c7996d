import { plainPath } from '../lib/shell-words.ts';
import type { FlipFile } from '../plan/plan-flip.ts';
import { planesOf } from '../steps/flip-planes.ts';
import { sshLine } from './sheet-reach.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/** The flip by hand: the target's files first, each read back, then the source's away; none where the plan has no flip. */
export function flipSections(ground: SheetGround): readonly SheetSection[] {
  const { dns } = ground.plan;
  if (dns?.flip === undefined) return [];
  const { files } = dns.flip;
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
        'Only when every chain is open. From top to bottom: where the source is taken out before the target is in, Route 53 answers with both.',
        ...planesOf(dns).map(({ says }) => `By the ${says}.`),
      ],
      lines: inOrder.map((file) => fileLine(ground, file, isDone)),
    },
  ];
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
