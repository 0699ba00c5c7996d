import type { ChainView, LinkView, NodeView } from '../../shared/contract/view.ts';
import type { Size } from '../parts/use-size.ts';

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
export type PlacedNode = { readonly node: NodeView; readonly box: Box };
export type PlacedLink = {
  readonly link: LinkView;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly bothWays: boolean;
};
export type PlacedChain = {
  readonly source: Box;
  readonly target: Box;
  readonly nodes: readonly PlacedNode[];
  readonly links: readonly PlacedLink[];
};

const titleHeight = 19;
const edge = 8;
/** Between two nodes of a row: room for an arrow with two points. */
const gap = 22;
const nodeHeight = 36;
/** The way between the sides, with room for the lag over the arrow. */
const between = 100;

type Slot = { readonly node: NodeView; readonly row: number; readonly column: number };

/** Masters in one row; the one that the other side follows stands beside the crossing, so that no arrow runs behind a node. */
function mastersOf(chain: ChainView, side: NodeView['side']): readonly NodeView[] {
  const masters = chain.nodes.filter((node) => node.side === side && node.role === 'master');
  const forward = chain.links.filter((link) => link.kind === 'forward');
  const crosses = (node: NodeView) => forward.some((link) => [link.from, link.to].includes(node.instance));
  const [near, far] = [masters.filter(crosses), masters.filter((node) => !crosses(node))];
  return side === 'source' ? [...far, ...near] : [...near, ...far];
}

/** Followers stand below the master that feeds them where that place is free. */
function slotsOf(chain: ChainView, side: NodeView['side'], twoRows: boolean): readonly Slot[] {
  const masters = mastersOf(chain, side);
  const others = chain.nodes.filter((node) => node.side === side && node.role !== 'master');
  if (!twoRows) {
    const row = side === 'source' ? [...others, ...masters] : [...masters, ...others];
    return row.map((node, column) => ({ node, row: 0, column }));
  }
  const slots = masters.map((node, column): Slot => ({ node, row: 0, column }));
  const row = masters.length > 0 ? 1 : 0;
  for (const node of others) {
    const feeder = chain.links.find((link) => link.to === node.instance)?.from;
    const below = masters.findIndex((master) => master.instance === feeder);
    const free = (column: number) => !slots.some((slot) => slot.row === row && slot.column === column);
    let column = below >= 0 && free(below) ? below : 0;
    while (!free(column)) column += 1;
    slots.push({ node, row, column });
  }
  return slots;
}

function placeSide(chain: ChainView, name: NodeView['side'], side: Box): readonly PlacedNode[] {
  const slots = slotsOf(chain, name, side.height >= titleHeight + 2 * nodeHeight + 16);
  const columns = Math.max(0, ...slots.map((slot) => slot.column)) + 1;
  const rows = Math.max(0, ...slots.map((slot) => slot.row)) + 1;
  const width = Math.min(180, (side.width - 2 * edge - gap * (columns - 1)) / columns);
  const space = Math.max(8, Math.min(40, side.height - titleHeight - rows * nodeHeight - 10));
  // The first row is at the same height on both sides, so that the arrows between them are level.
  return slots.map(({ node, row, column }) => ({
    node,
    box: {
      x: side.x + edge + column * (width + gap),
      y: side.y + titleHeight + 4 + row * (space + nodeHeight),
      width,
      height: nodeHeight,
    },
  }));
}

function centre(box: Box): { readonly x: number; readonly y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** From edge to edge: level when the boxes share a row, upright when they share a column, slanted otherwise. */
function ends(from: Box, to: Box): Pick<PlacedLink, 'x1' | 'y1' | 'x2' | 'y2'> {
  const [a, b] = [centre(from), centre(to)];
  const apart = to.x >= from.x + from.width || from.x >= to.x + to.width;
  if (apart) {
    const right = b.x > a.x;
    return { x1: right ? from.x + from.width : from.x, y1: a.y, x2: right ? to.x : to.x + to.width, y2: b.y };
  }
  const down = b.y > a.y;
  return { x1: a.x, y1: down ? from.y + from.height : from.y, x2: b.x, y2: down ? to.y : to.y + to.height };
}

/** The picture of one chain in pixels: the source side left, the target side right, every link that is not absent. */
export function placeChain(chain: ChainView, size: Size): PlacedChain {
  const half = Math.max(80, (size.width - between) / 2);
  const source: Box = { x: 0.5, y: 0.5, width: half - 1, height: size.height - 1 };
  const target: Box = { x: size.width - half + 0.5, y: 0.5, width: half - 1, height: size.height - 1 };
  const nodes = [...placeSide(chain, 'source', source), ...placeSide(chain, 'target', target)];
  const boxes = new Map(nodes.map((placed) => [placed.node.instance, placed.box]));
  const present = chain.links.filter((link) => link.state !== 'absent');
  const links = present.flatMap((link): PlacedLink[] => {
    const [from, to] = [boxes.get(link.from), boxes.get(link.to)];
    if (from === undefined || to === undefined) return [];
    const back = present.find(
      (other) => other.kind === link.kind && other.from === link.to && other.to === link.from,
    );
    // Of a ring's two links the first is drawn, with a point at both ends.
    if (back !== undefined && present.indexOf(back) < present.indexOf(link)) return [];
    return [{ link, ...ends(from, to), bothWays: back !== undefined && back.state === 'running' }];
  });
  return { source, target, nodes, links };
}
