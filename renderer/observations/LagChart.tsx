import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChainView } from '../../shared/contract/view.ts';
import { useUi } from '../store/ui.ts';
import { lagLine, series, writesLine } from '../store/series.ts';
import { alignLines } from './align-lines.ts';
import css from './lag-chart.module.css';
import { LagTable } from './LagTable.tsx';

const windowMs = 60_000;

type Line = {
  readonly name: string;
  readonly label: string;
  readonly colour: string;
  readonly axis: 'lag' | 'writes';
  readonly dash?: number[];
};

function linesOf(chain: ChainView, colour: (name: string) => string): readonly Line[] {
  const lag = chain.links
    .filter((link) => link.kind !== 'ring')
    .map((link): Line => ({
      name: lagLine(link),
      label: `lag of ${link.to}`,
      axis: 'lag',
      colour: colour(link.kind === 'forward' ? '--info' : link.kind === 'slave' ? '--source' : '--target'),
      ...(link.kind === 'reverse' ? { dash: [4, 3] } : {}),
    }));
  const writes = chain.nodes
    .filter((node) => node.role === 'master')
    .map((node): Line => ({
      name: writesLine(node.instance),
      label: `writes ${node.instance}`,
      axis: 'writes',
      colour: colour('--text-3'),
    }));
  return [...lag, ...writes];
}

function optionsFor(
  lines: readonly Line[],
  size: { readonly width: number; readonly height: number },
  colour: (name: string) => string,
): uPlot.Options {
  const font = '10px "JetBrains Mono Variable", monospace';
  const grid = { stroke: colour('--line-soft'), width: 1 };
  const axis = { stroke: colour('--text-3'), font, grid, ticks: { show: false }, gap: 2 };
  return {
    ...size,
    padding: [8, 0, 6, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_chart, _min, max) => [max - windowMs / 1000, max] },
      lag: { range: (_chart, _min, max) => [0, Math.max(100, (max ?? 0) * 1.15)] },
      writes: { range: (_chart, _min, max) => [0, Math.max(10, (max ?? 0) * 1.15)] },
    },
    axes: [
      { show: false },
      {
        ...axis,
        scale: 'lag',
        size: 46,
        values: (_chart, ticks) => ticks.map((tick) => `${String(tick)} ms`),
        space: 18,
      },
      {
        ...axis,
        scale: 'writes',
        side: 1,
        size: 44,
        grid: { show: false },
        values: (_chart, ticks) => ticks.map((tick) => `${String(tick)}/s`),
        space: 18,
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        scale: line.axis,
        stroke: line.colour,
        width: line.axis === 'lag' ? 1.5 : 1,
        spanGaps: false,
        points: { show: false },
        ...(line.dash ? { dash: line.dash } : {}),
      })),
    ],
  };
}

/**
 * The last minute of lag per link and writes per second of a chain. Fed from the ring buffers in animation frames, never
 * through React; a gap is a moment in which nothing was known. The table says the same in words.
 */
export function LagChart(props: { readonly chain: ChainView }) {
  const { chain } = props;
  const ref = useRef<HTMLDivElement>(null);
  const theme = useUi((state) => state.theme);
  const shape =
    chain.links.map((link) => `${link.kind}${link.from}${link.to}`).join() +
    chain.nodes.map((node) => node.instance).join();
  const latest = useRef(chain);
  useEffect(() => {
    latest.current = chain;
  });

  useEffect(() => {
    const element = ref.current;
    if (element === null || typeof ResizeObserver === 'undefined') return;
    let chart: uPlot | null = null;
    let frame = 0;
    let lines: readonly Line[] = [];
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const draw = () => {
      frame = 0;
      chart?.setData(
        alignLines(
          lines.map((line) => series.line(line.name)),
          series.newestUtcMs - windowMs,
        ),
      );
    };
    const ask = () => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    const build = () => {
      chart?.destroy();
      lines = linesOf(latest.current, colour);
      chart = new uPlot(
        optionsFor(lines, size(), colour),
        alignLines(
          lines.map(() => undefined),
          0,
        ),
        element,
      );
      ask();
    };
    build();
    const stop = series.subscribe(ask);
    const resize = new ResizeObserver(() => {
      chart?.setSize(size());
    });
    resize.observe(element);
    // The canvas knows no custom properties: when the theme changes it is built again.
    const themed = new MutationObserver(build);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      stop();
      resize.disconnect();
      themed.disconnect();
      cancelAnimationFrame(frame);
      chart?.destroy();
    };
  }, [shape, theme]);

  return (
    <div className={css['box']}>
      <div className={css['chart']} ref={ref} aria-hidden="true" />
      <div className={css['legend']} aria-hidden="true">
        <span className={css['forward']}>━ target</span>
        <span className={css['slave']}>━ slave</span>
        <span className={css['replica']}>━ replica</span>
        <span className={css['writes']}>─ writes/s</span>
      </div>
      <div className="visually-hidden">
        <LagTable chain={chain} />
      </div>
    </div>
  );
}
