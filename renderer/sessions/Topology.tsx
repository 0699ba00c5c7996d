import { useId } from 'react';
import type { ChainView, LinkView, NodeView } from '../../shared/contract/view.ts';
import { count, lag, rate } from '../parts/format.ts';
import { useSize } from '../parts/use-size.ts';
import { placeChain } from './place-chain.ts';
import type { Box, PlacedChain, PlacedLink, PlacedNode } from './place-chain.ts';
import css from './topology.module.css';

const nodeSigns: Readonly<Record<NodeView['state'], string>> = {
  writable: '● writable',
  'read-only': '○ read-only',
  fenced: '‖ fenced',
  unknown: '? unknown',
};

/** The short word below a link, or what is wrong with it. */
export function linkWord(link: LinkView): string {
  if (link.state === 'running') return link.lagMs === null ? '? lag unknown' : lag(link.lagMs);
  return {
    connecting: '◔ connecting',
    stopped: '‖ stopped',
    broken: '✕ broken',
    unknown: '? unknown',
    absent: '– absent',
  }[link.state];
}

function Side(props: {
  readonly box: Box;
  readonly word: string;
  readonly sites: string;
  readonly className: string | undefined;
}) {
  const { box } = props;
  return (
    <g className={props.className}>
      <rect x={box.x} y={box.y} width={box.width} height={box.height} rx={8} className={css['side']} />
      <text x={box.x + 10} y={box.y + 14} className={css['sideword']}>
        {props.word}
        <tspan className={css['sites']}> · {props.sites}</tspan>
      </text>
    </g>
  );
}

function Node(props: { readonly placed: PlacedNode }) {
  const { node, box } = props.placed;
  const writes = node.writesPerSecond === null ? '? /s' : rate(node.writesPerSecond);
  return (
    <div
      className={`${css['node']} ${css[node.side]} ${css[node.state]}`}
      style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      title={`${node.instance} · ${node.site} · ${node.position}${node.why === null ? '' : ` · ${node.why}`}`}
    >
      <b>{node.instance}</b>
      <span className={css['state']}>
        <span data-taken-at={node.takenAt ?? undefined}>{nodeSigns[node.state]}</span>
        {(node.role === 'master' || (node.writesPerSecond ?? 0) > 0) && (
          <span className={css['writes']} data-taken-at={node.takenAt ?? undefined}>
            {writes}
          </span>
        )}
      </span>
    </div>
  );
}

function Link(props: { readonly placed: PlacedLink; readonly marker: string }) {
  const { link, x1, y1, x2, y2, bothWays } = props.placed;
  const good = link.state === 'running';
  const end = `url(#${props.marker})`;
  const kind = link.kind === 'forward' || link.kind === 'reverse' ? css[link.kind] : undefined;
  return (
    <line
      x1={x1}
      y1={y1}
      x2={x2}
      y2={y2}
      className={`${css['link']} ${kind ?? ''} ${good ? '' : css['bad']}`}
      markerEnd={end}
      markerStart={bothWays ? end : undefined}
    />
  );
}

/** What stands over and under the arrow between the sides: how far the follower is behind. */
function Crossing(props: { readonly placed: PlacedChain }) {
  const { source, target, links } = props.placed;
  const crossing = links.filter(({ link }) => link.kind === 'forward' || link.kind === 'reverse');
  const left = source.x + source.width;
  return crossing.map(({ link, y1, y2 }, index) => {
    const behind = link.transactionsBehind === null ? '' : `${count(link.transactionsBehind)} trx`;
    return (
      <div
        key={`${link.from} ${link.to}`}
        className={`${css['crossing']} ${css[link.kind]} ${link.state === 'running' ? '' : css['bad']}`}
        style={{ left, width: target.x - left, top: (y1 + y2) / 2 - 36 + index * 40 }}
      >
        <span className="num" data-taken-at={link.takenAt ?? undefined}>
          {linkWord(link)}
        </span>
        <span className="num" data-taken-at={link.takenAt ?? undefined}>
          {link.kind === 'reverse' ? `way back ${behind}` : behind}
        </span>
      </div>
    );
  });
}

const sitesOf = (chain: ChainView, side: NodeView['side']) =>
  [...new Set(chain.nodes.filter((node) => node.side === side).map((node) => node.site))].join(', ');

/** The same for a reader of words. */
function inWords(chain: ChainView): string {
  const nodes = chain.nodes.map(
    (node) => `${node.instance} (${node.side} ${node.role}, ${node.site}) is ${node.state}`,
  );
  const links = chain.links.map((link) => `${link.kind} link ${link.from} to ${link.to}: ${linkWord(link)}`);
  return [...nodes, ...links].join('; ');
}

/** One chain as a picture: source violet, target cyan, what each node is and how far each link is behind. */
export function Topology(props: { readonly chain: ChainView }) {
  const { chain } = props;
  const [ref, size] = useSize<HTMLDivElement>();
  const marker = useId();
  const placed = size.width > 0 ? placeChain(chain, size) : null;
  return (
    <div className={css['picture']} ref={ref}>
      <p className="visually-hidden">{inWords(chain)}</p>
      {placed !== null && (
        <div aria-hidden="true">
          <svg width={size.width} height={size.height} className={css['svg']}>
            <defs>
              <marker
                id={marker}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="6"
                markerHeight="6"
                orient="auto-start-reverse"
              >
                <path d="M0 0L8 4 0 8z" fill="context-stroke" />
              </marker>
            </defs>
            <Side
              box={placed.source}
              word="SOURCE"
              sites={sitesOf(chain, 'source')}
              className={css['source']}
            />
            <Side
              box={placed.target}
              word="TARGET"
              sites={sitesOf(chain, 'target')}
              className={css['target']}
            />
            {placed.links.map((link) => (
              <Link
                key={`${link.link.from} ${link.link.to} ${link.link.kind}`}
                placed={link}
                marker={marker}
              />
            ))}
          </svg>
          {placed.nodes.map((node) => (
            <Node key={node.node.instance} placed={node} />
          ))}
          <Crossing placed={placed} />
        </div>
      )}
    </div>
  );
}
