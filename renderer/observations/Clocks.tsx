import type { RunView, View } from '../../shared/contract/view.ts';
import { Budget } from '../parts/Budget.tsx';
import { Live } from '../parts/Live.tsx';
import { duration, limit, seconds } from '../parts/format.ts';
import { useNow } from '../store/clock.ts';
import { DnsLine } from './Dns.tsx';
import css from './clocks.module.css';

/** Per chain: last write the source acknowledged to the first one the target acknowledged. */
export function WriteFreeze(props: { readonly view: View }) {
  const { clocks, header } = props.view;
  return (
    <section className="panel" aria-labelledby="freeze">
      <h2 className="label" id="freeze">
        Write freeze
      </h2>
      {clocks.chains.map((chain) => (
        <div key={chain.chain} className={css['chain']}>
          <div className="row">
            <span>
              {chain.chain} {chain.running && <small className={css['running']}>◔ running</small>}
            </span>
            <Live
              takenAt={header.atUtcMs}
              className={`num ${css['figure']} ${over(chain.freezeMs, chain.budgetMs)}`}
            >
              {seconds(chain.freezeMs)}
              <small className="muted"> s</small>
            </Live>
          </div>
          <Budget usedMs={chain.freezeMs} budgetMs={chain.budgetMs} forecastMs={chain.forecastMs} />
          <div className="row faint">
            <small>
              <span className={css['forecast']}>▏</span>forecast {duration(chain.forecastMs)}
            </small>
            <small>budget {limit(chain.budgetMs)}</small>
          </div>
        </div>
      ))}
    </section>
  );
}

function over(ms: number | null, budgetMs: number): string {
  return ms !== null && ms > budgetMs ? (css['over'] ?? '') : '';
}

function ThawsIn(props: { readonly run: RunView | null }) {
  const deadlineUtcMs = props.run?.deadlineUtcMs ?? null;
  const now = useNow(100);
  if (deadlineUtcMs === null || props.run?.phase !== 'running') return null;
  return (
    <small>
      thaws by itself in <span className="num">{duration(deadlineUtcMs - now)}</span>
    </small>
  );
}

/** What users saw, measured by the synthetic clients through the real path. */
export function Downtime(props: { readonly view: View }) {
  const { clocks, header, run } = props.view;
  return (
    <section className="panel" aria-labelledby="downtime">
      <h2 className="label" id="downtime">
        User-visible downtime
      </h2>
      <div className={css['big']}>
        <Live takenAt={header.atUtcMs} className={`num ${over(clocks.downtimeMs, clocks.downtimeBudgetMs)}`}>
          {seconds(clocks.downtimeMs)}
        </Live>
        <small>
          of <span className="num">{limit(clocks.downtimeBudgetMs)}</span>
          {clocks.downtimeRunning && <span className={css['running']}> ◔ running</span>}
        </small>
      </div>
      <Budget
        usedMs={clocks.downtimeMs}
        budgetMs={clocks.downtimeBudgetMs}
        forecastMs={clocks.downtimeForecastMs}
      />
      <div className="row faint">
        <small>
          <span className={css['forecast']}>▏</span>forecast {duration(clocks.downtimeForecastMs)}
        </small>
        <ThawsIn run={run} />
      </div>
      <DnsLine />
    </section>
  );
}
