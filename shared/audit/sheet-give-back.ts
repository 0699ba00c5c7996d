import type { Chain } from '../plan/plan.ts';
import { promotedApart } from '../steps/reversible.ts';
import { itemLines } from './sheet-back.ts';
import { identityLine, mastersOf, writable } from './sheet-common.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/**
 * For a night on which a target cannot be opened for good. The lines stand in the text and not among those to be sent: they
 * open a source behind the point of no return, which is allowed for a chain whose target never took a write, and for no other.
 * A person decides it, with whoever knows the data.
 */
export function giveBackSections(ground: SheetGround): readonly SheetSection[] {
  const apart = promotedApart(ground.run, ground.plan);
  return ground.plan.chains
    .filter(({ id }) => apart.stuck.includes(id))
    .map((chain) => ({
      title: `${chain.id}: only if its target can NEVER be opened, back to its source by hand`,
      text: [
        'First try everything to open it: the target contains all that the source committed, and nothing is lost by waiting. Until then its application waits.',
        `Allowed only while every target of ${chain.id} answers that it is closed, never took a write in this run, stays closed over a restart, and no cockpit of this run is left anywhere. Then its source has everything, and may take writes again. From that moment the target must never be opened: it is built anew, or its link configured again.`,
        ...linesOf(ground, chain).map(({ where, says, command }) => `On ${where}: ${says} ${command}`),
        ...(apart.promoted.length === 0
          ? []
          : [
              `${apart.promoted.join(', ')}, whose target takes writes, stays forward: its source must stay closed. It is brought back only by draining its source over the reverse link, with its target closed first; the application hosts were not switched over yet, and must reach ${apart.promoted.join(', ')} at its target until then.`,
            ]),
      ],
      lines: [],
    }));
}

function linesOf(ground: SheetGround, chain: Chain): readonly SheetLine[] {
  const { undo } = ground.run;
  const nodes = [...mastersOf(chain, 'source')];
  return [
    ...mastersOf(chain, 'target').map((node) =>
      identityLine(ground, node, { columns: writable(ground, node, false), otherwise: '' }),
    ),
    ...nodes.flatMap((node) =>
      undo
        .filter((item) => item.kind === 'thaw' && item.instance === node)
        .slice(0, 1)
        .flatMap((item) => itemLines(ground, item)),
    ),
  ];
}
