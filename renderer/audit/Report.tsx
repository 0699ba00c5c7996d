import type { ReportView, View } from '../../shared/contract/view.ts';
import { countedOnSource } from '../../shared/steps/wording.ts';
import { Dns, DnsLine } from '../observations/Dns.tsx';
import { Residue, ResidueLine } from '../observations/Residue.tsx';
import { GoChecklist } from '../steps/GoChecklist.tsx';
import { OutcomeMark } from '../steps/Now.tsx';
import { RedControl } from '../steps/RedControl.tsx';
import { Alarms, RunLog } from '../steps/RunLog.tsx';
import { Copy } from '../parts/Copy.tsx';
import { count, limit, seconds } from '../parts/format.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { useRun } from '../store/run.ts';
import { notify, useUi } from '../store/ui.ts';
import { download } from './download.ts';
import css from './report.module.css';

type Format = 'json' | 'csv' | 'html';
const types: Readonly<Record<Format, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  html: 'text/html',
};

function Exports(props: { readonly runId: string }) {
  const { ask } = useAsk();
  async function save(format: Format): Promise<void> {
    const text = await ask('exportAudit', { format });
    if (typeof text !== 'string') return;
    const name = `cutover-${props.runId}.${format}`;
    download(name, types[format], text);
    notify('good', `${name} was handed to the browser.`);
  }
  return (
    <div className={css['buttons']}>
      {(['html', 'json', 'csv'] as const).map((format) => (
        <button key={format} type="button" onClick={() => void save(format)}>
          Export {format.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

function Figures(props: { readonly view: View; readonly report: ReportView }) {
  const { view, report } = props;
  const budget = (chain: string) => view.clocks.chains.find((one) => one.chain === chain)?.budgetMs ?? null;
  return (
    <section className="panel" aria-labelledby="figures">
      <h2 className="label" id="figures">
        Measured from outside
      </h2>
      <div className={css['figures']}>
        <div>
          <span className={`num ${css['figure']}`}>
            {seconds(report.userVisibleDowntimeMs)}
            {report.userVisibleDowntimeMs !== null && <small> s</small>}
          </span>
          <span className="muted">user-visible downtime, of {limit(view.clocks.downtimeBudgetMs)}</span>
        </div>
        {report.chains.map((chain) => (
          <div key={chain.chain}>
            <span className={`num ${css['figure']}`}>
              {seconds(chain.writeFreezeMs)}
              <small> s</small>
            </span>
            <span className="muted">
              write freeze, {chain.chain}
              {budget(chain.chain) !== null && `, of ${limit(budget(chain.chain) ?? 0)}`}
            </span>
          </div>
        ))}
      </div>
      <table>
        <thead>
          <tr>
            <th>chain</th>
            <th className="right">acknowledged writes</th>
            <th className="right">lost</th>
            <th className="right">unknown</th>
          </tr>
        </thead>
        <tbody>
          {report.chains.map((chain) => (
            <tr key={chain.chain}>
              <td>{chain.chain}</td>
              <td className="right num">{count(chain.acknowledged)}</td>
              <td className={`right num ${chain.lost === 0 ? css['good'] : css['bad']}`}>
                {chain.lost === 0 ? '✓ ' : '✕ '}
                {chain.lost === null ? `not checked: ${chain.notChecked ?? ''}` : count(chain.lost)}
                {chain.countedOn === 'source' && <small> {countedOnSource}</small>}
              </td>
              <td className="right num">{count(chain.unknown)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="faint">
        <small>
          Lost: acknowledged to a client and not on the target afterwards. Unknown: sent without an answer,
          counted apart.
        </small>
      </p>
    </section>
  );
}

function Journal(props: { readonly report: ReportView }) {
  const { report } = props;
  return (
    <section className="panel stack" aria-labelledby="journal">
      <h2 className="label" id="journal">
        Journal
      </h2>
      <p>
        <span className="num">{count(report.journalRecords)}</span> records, chained. The head proves them;
        write it down where the file is not.
      </p>
      <code className="code">{report.journalHead}</code>
      <div className={css['buttons']}>
        <Copy text={report.journalHead} label="Copy the head" />
      </div>
      <code className="code">{report.journalFile}</code>
      <Exports runId={report.runId} />
    </section>
  );
}

function NextStep(props: { readonly view: View }) {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const phase = props.view.run?.phase;
  const closable = phase === 'watching';
  const over = phase === 'ended';
  return (
    <section className="panel stack" aria-labelledby="next">
      <h2 className="label" id="next">
        Next
      </h2>
      <p className="muted">
        {closable &&
          'The run is watched: the fence stands guard and the way back is kept. Close when you are content: the cutover schema is removed and the watch ends.'}
        {phase === 'closing' && 'Closing: removing what the run put there.'}
        {over && 'The run is over. A new one begins with preflight, judged afresh.'}
      </p>
      <div className={css['buttons']}>
        <button
          type="button"
          className={closable ? 'primary' : undefined}
          disabled={!closable || whyNot !== null}
          onClick={() => void askAs('close', {})}
        >
          Close the run
        </button>
        <button
          type="button"
          className={over ? 'primary' : undefined}
          disabled={!over || whyNot !== null}
          onClick={() => void askAs('startOver', {})}
        >
          Start over
        </button>
      </div>
      {closable && <RedControl view={props.view} />}
      {whyNot !== null && <small className="faint">{whyNot}</small>}
    </section>
  );
}

/** What goes on outside: DNS and the residue, each in one line, and the way to all of it. */
function Outside() {
  const asksDns = useRun((state) => state.dns !== null);
  const looks = useRun((state) => state.residue !== null);
  if (!asksDns && !looks) return null;
  return (
    <section className="panel stack" aria-label="Outside">
      {asksDns && <DnsLine />}
      {looks && <ResidueLine />}
      <div className={css['buttons']}>
        {asksDns && (
          <button type="button" onClick={() => useUi.setState({ watched: 'dns' })}>
            DNS as users see it
          </button>
        )}
        {looks && (
          <button type="button" onClick={() => useUi.setState({ watched: 'residue' })}>
            Residue on the source
          </button>
        )}
      </div>
    </section>
  );
}

/** One of the two whole, with the way back to the report. */
function Watched(props: { readonly what: 'dns' | 'residue' }) {
  const isDns = props.what === 'dns';
  return (
    <main className={css['watched']}>
      <h1 className="visually-hidden">{isDns ? 'DNS as users see it' : 'Residue on the source'}</h1>
      <div className={css['buttons']}>
        <button type="button" onClick={() => useUi.setState({ watched: 'report' })}>
          ← How it went, Close and Reverse
        </button>
        <button type="button" onClick={() => useUi.setState({ watched: isDns ? 'residue' : 'dns' })}>
          {isDns ? 'Residue on the source' : 'DNS as users see it'}
        </button>
      </div>
      {isDns ? <Dns /> : <Residue />}
    </main>
  );
}

/** How it went: the outcome in one sentence, the figures, the journal and what comes next. */
export function Report(props: { readonly view: View; readonly report: ReportView }) {
  const { view, report } = props;
  const watched = useUi((state) => state.watched);
  if (watched !== 'report') return <Watched what={watched} />;
  return (
    <main className={css['report']}>
      <div className={css['main']}>
        <section className={`panel ${css['outcome']}`} aria-live="polite">
          <OutcomeMark outcome={report.outcome} />
          <h1>{report.text}</h1>
        </section>
        <Figures view={view} report={report} />
        <RunLog view={view} />
      </div>
      <div className={css['aside']}>
        <NextStep view={view} />
        <Alarms view={view} />
        <Outside />
        <GoChecklist items={view.checklist} phase="close" />
        <Journal report={report} />
      </div>
    </main>
  );
}
