import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { DnsView } from '../../shared/contract/dns-view.ts';
import { useUi } from '../store/ui.ts';
import { percentOf, sumOf } from './dns-words.ts';
import css from './share-chart.module.css';

type History = DnsView['history'];

/** Seconds, then the share of target, source, and everything else, in percent. */
function dataOf(history: History): uPlot.AlignedData {
  const part = (pick: (point: History[number]) => number) =>
    history.map((point) => (sumOf(point) === 0 ? null : (100 * pick(point)) / sumOf(point)));
  return [
    history.map(({ atUtcMs }) => atUtcMs / 1_000),
    part(({ target }) => target),
    part(({ source }) => source),
    part(({ other, error }) => other + error),
  ];
}

function optionsFor(element: HTMLElement, colour: (name: string) => string): uPlot.Options {
  const font = '10px "JetBrains Mono Variable", monospace';
  const axis = {
    stroke: colour('--text-3'),
    font,
    grid: { stroke: colour('--line-soft'), width: 1 },
    ticks: { show: false },
    gap: 3,
  };
  const line = (name: string, width: number, dash?: number[]) => ({
    stroke: colour(name),
    width,
    points: { show: false },
    ...(dash === undefined ? {} : { dash }),
  });
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: [0, 100] } },
    axes: [
      {
        ...axis,
        size: 18,
        space: 70,
        values: (_chart, ticks) => ticks.map((tick) => new Date(tick * 1_000).toISOString().slice(11, 19)),
      },
      { ...axis, size: 42, space: 24, values: (_chart, ticks) => ticks.map((tick) => `${String(tick)} %`) },
    ],
    series: [{}, line('--target', 2), line('--source', 2), line('--closed', 1, [4, 3])],
  };
}

/** The share of answers over time. The figures beside it say the same in words. */
export function ShareChart(props: { readonly history: History }) {
  const { history } = props;
  const ref = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(history);
  const theme = useUi((state) => state.theme);
  useEffect(() => {
    latest.current = history;
    chart.current?.setData(dataOf(history));
  }, [history]);

  useEffect(() => {
    const element = ref.current;
    if (element === null || typeof ResizeObserver === 'undefined') return;
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const build = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsFor(element, colour), dataOf(latest.current), element);
    };
    build();
    const resize = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resize.observe(element);
    // The canvas knows no custom properties: when the theme changes it is built again.
    const themed = new MutationObserver(build);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resize.disconnect();
      themed.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [theme]);

  const last = history.at(-1);
  return (
    <div className={css['box']}>
      <div className={css['chart']} ref={ref} aria-hidden="true" />
      <p className="visually-hidden">
        {last === undefined
          ? 'The share over time: nothing was measured yet.'
          : `The share over time; lately ${percentOf(last.target, sumOf(last))} on the target.`}
      </p>
    </div>
  );
}
