import type { RunView, View } from '../../shared/contract/view.ts';
import { Clients } from '../observations/Clients.tsx';
import { Downtime, WriteFreeze } from '../observations/Clocks.tsx';
import { Lane } from './Lane.tsx';
import css from './minute.module.css';
import { Now } from './Now.tsx';
import { Observing, TakeOver } from './Observing.tsx';
import { Ousted, ToObserving } from './Ousted.tsx';
import { RedControl } from './RedControl.tsx';
import { Alarms, RunLog } from './RunLog.tsx';
import { StopHere } from './StopHere.tsx';
import { Track } from './Track.tsx';
import { proven } from './track.ts';

/** Where the chains meet: nothing is promoted before all of them are proven. */
function Barrier(props: { readonly run: RunView }) {
  const { done, all } = proven(props.run.steps);
  return (
    <section className={`panel ${css['barrier']}`} aria-labelledby="barrier">
      <span className={css['count']}>
        <h2 className="label" id="barrier">
          Barrier
        </h2>
        <span>
          <b className="num">{done}</b> of <b className="num">{all}</b> chains proven
        </span>
      </span>
      <Track steps={props.run.steps} chain={null} passed={props.run.passedPointOfNoReturn} />
    </section>
  );
}

/** The clocks of whoever drives; who does instead, where this cockpit does not. */
function Aside(props: { readonly view: View; readonly run: RunView }) {
  const { view, run } = props;
  if (view.other !== null) return <Observing other={view.other} run={run} />;
  if (run.outcome === 'ousted') return <Ousted />;
  return (
    <div className={css['clocks']}>
      <WriteFreeze view={view} />
      <Downtime view={view} />
      <Clients view={view} />
    </div>
  );
}

function Control(props: { readonly view: View; readonly run: RunView }) {
  const { view, run } = props;
  if (view.other !== null) return <TakeOver other={view.other} />;
  return run.outcome === 'ousted' ? <ToObserving /> : <RedControl view={view} />;
}

/** One screen for the minute: the clocks, the lanes, what happens now, what stopping means, and the one control. */
export function Minute(props: { readonly view: View; readonly run: RunView }) {
  const { view, run } = props;
  return (
    <main className={css['minute']}>
      <h1 className="visually-hidden">The minute</h1>
      <div className={css['own']}>
        <Aside view={view} run={run} />
        <div className={css['control']}>
          <Control view={view} run={run} />
        </div>
      </div>
      <div className={css['middle']}>
        <div className={css['lanes']}>
          {view.chains.map((chain) => (
            <Lane key={chain.chain} chain={chain} run={run} />
          ))}
        </div>
        <Barrier run={run} />
      </div>
      <div className={css['side']}>
        <Now run={run} />
        <StopHere run={run} />
      </div>
      <RunLog view={view} />
      <Alarms view={view} />
    </main>
  );
}
