import type { Chain } from '../plan/plan.ts';
import { armedHosts } from '../plan/switches.ts';
import { instanceOf, sourceNodes } from '../steps/need.ts';
import { itemLines } from './sheet-back.ts';
import { identityLine, lookLine, mastersOf, writable } from './sheet-common.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/**
 * A chain whose second stage acted behind the point of no return: the application writes at its source, so nothing closes
 * that, and nothing opens its target.
 */
export function leftOpenSection(ground: SheetGround, chain: Chain): SheetSection {
  const sources = mastersOf(chain, 'source');
  const targets = mastersOf(chain, 'target');
  const own = new Set(sourceNodes(chain).map((node) => instanceOf(ground.plan, node).host));
  const hosts = armedHosts(ground.plan).filter((host) => own.has(host));
  return {
    title: `${chain.id}: its dead-man's switch opened the source again; leave it open, and the target closed`,
    text: [
      `The switch saw every target master closed, took the run lock there, and opened ${sources.join(', ')}: what was written since is there and nowhere else. Its application hosts stay at, or go back to, the source; names in DNS too.`,
      `Where a cockpit can be had, "cockpit resume ${ground.run.id} --conclude" does all of this after looking: it refuses unless every chain of the run is back at its source and no target is open.`,
      `The switch keeps the run lock of ${targets.join(', ')}, so that no cockpit opens it: the target no longer contains everything. Its last line here gives that lock back; send it last, when no cockpit of this run is left anywhere.`,
      `Before the next run: see which links ${targets.join(', ')} has left, and configure the one that follows the source again from where it stood, or build the target anew.`,
    ],
    lines: [
      ...sources.flatMap((node) => closedOrOpen(ground, node, true)),
      ...targets.flatMap((node) => closedOrOpen(ground, node, false)),
      ...hosts.flatMap((host) => itemLines(ground, { kind: 'stand-down', host })),
    ],
  };
}

function closedOrOpen(ground: SheetGround, node: string, takesWrites: boolean): readonly SheetLine[] {
  return [
    identityLine(ground, node, { columns: {}, otherwise: '' }),
    lookLine(ground, node, {
      says: takesWrites ? 'It takes writes.' : 'It takes no writes.',
      columns: writable(ground, node, takesWrites),
      otherwise: takesWrites
        ? 'It was closed since: look who closed it. It may be opened again only while every target master of this chain answers that it is closed.'
        : 'STOP: both sides take writes. Close this one at once (read_only = 1), and call whoever knows the data.',
    }),
  ];
}
