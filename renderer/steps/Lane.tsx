import type { ChainView, RunView } from '../../shared/contract/view.ts';
import { LagChart } from '../observations/LagChart.tsx';
import { Mark } from '../parts/Mark.tsx';
import { Topology } from '../sessions/Topology.tsx';
import css from './lane.module.css';
import { Track } from './Track.tsx';
import { laneState } from './track.ts';

/** One chain in the minute: its picture, its lag, its steps. */
export function Lane(props: { readonly chain: ChainView; readonly run: RunView | null }) {
  const { chain, run } = props;
  const state = run === null ? null : laneState(run.steps, chain.chain, run.outcome);
  return (
    <section className={`panel ${css['lane']}`} aria-label={`Chain ${chain.chain}`}>
      <div className="row">
        <h3 className={css['name']}>
          {chain.chain}{' '}
          <small className="muted">
            {chain.flavor} {chain.version} · {chain.gtid ? 'GTID' : 'file and position'}
          </small>
        </h3>
        {state !== null && (
          <Mark tone={state.tone} sign={state.sign}>
            {state.text}
          </Mark>
        )}
      </div>
      <Topology chain={chain} />
      <LagChart chain={chain} />
      {run !== null && <Track steps={run.steps} chain={chain.chain} passed={run.passedPointOfNoReturn} />}
    </section>
  );
}
