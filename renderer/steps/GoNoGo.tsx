import type { ForecastView, GoView, View } from '../../shared/contract/view.ts';
import { Age } from '../parts/Age.tsx';
import { Mark } from '../parts/Mark.tsx';
import { duration, plural } from '../parts/format.ts';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { rememberPermit } from '../store/ui.ts';
import css from './go-no-go.module.css';
import { GoChecklist } from './GoChecklist.tsx';
import { Release } from './Release.tsx';

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length || known.length === 0 ? null : Math.max(...known);
}

/** "Press now: freeze 0.90 s, p95 1.40 s". */
export function forecastSentence(forecast: ForecastView): string {
  const freeze = worst(forecast.chains.map((chain) => chain.freezeMs));
  const p95 = worst(forecast.chains.map((chain) => chain.freezeP95Ms));
  if (freeze === null) return 'Press now: how long the freeze takes cannot be foretold.';
  return `Press now: freeze ${duration(freeze)}${p95 === null ? '' : `, p95 ${duration(p95)}`}.`;
}

function Forecast(props: { readonly forecast: ForecastView }) {
  const { forecast } = props;
  return (
    <section className="panel" aria-labelledby="forecast">
      <h2 className="label" id="forecast">
        Forecast
      </h2>
      <p className={css['sentence']}>{forecastSentence(forecast)}</p>
      <table className={css['forecast']}>
        <thead>
          <tr>
            <th>clock</th>
            <th className="right">expected</th>
            <th className="right">p95</th>
            <th>from</th>
          </tr>
        </thead>
        <tbody>
          {forecast.chains.map((chain) => (
            <tr key={chain.chain}>
              <td>write freeze, {chain.chain}</td>
              <td className="right num">{duration(chain.freezeMs)}</td>
              <td className="right num">{duration(chain.freezeP95Ms)}</td>
              <td className="muted">{chain.how}</td>
            </tr>
          ))}
          <tr>
            <td>user-visible downtime</td>
            <td className="right num">{duration(forecast.downtimeMs)}</td>
            <td className="right num">{duration(forecast.downtimeP95Ms)}</td>
            <td />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function Statements(props: { readonly go: GoView }) {
  const { statements } = props.go;
  return (
    <section className={`panel ${css['statements']}`} aria-labelledby="statements">
      <h2 className="label" id="statements">
        What will run, in order · {plural(statements.length, 'statement')}
      </h2>
      <ol tabIndex={0} aria-label="Statements">
        {statements.map((statement, index) => (
          <li key={index}>
            <span className={css['where']}>
              <b>{statement.step}</b>
              <span className="muted">{statement.where}</span>
            </span>
            <code className="code">{statement.statement}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** One cause closes dozens of gates, and the first of them name it. */
const mostNamed = 3;

function Gates(props: { readonly view: View; readonly go: GoView }) {
  const { view, go } = props;
  const open = view.gates.filter((gate) => gate.state === 'open').length;
  const overridden = view.gates.filter((gate) => gate.state !== 'open' && gate.override !== null);
  return (
    <section className="panel stack" aria-labelledby="frozen">
      <div className="row">
        <h2 className="label" id="frozen">
          Frozen gates
        </h2>
        {go.frozenAt !== null && (
          <small>
            <span className="faint">frozen</span> <Age takenAt={go.frozenAt} limitMs={null} />
          </small>
        )}
      </div>
      <p>
        {go.canGo && go.closedSince.length === 0 ? (
          <Mark tone="open">go</Mark>
        ) : (
          <Mark tone="closed">{go.canGo ? 'not now' : 'no go'}</Mark>
        )}{' '}
        <span className="num">{open}</span> of <span className="num">{view.gates.length}</span> gates open
        {overridden.length > 0 && `, ${String(overridden.length)} overridden`}
      </p>
      {go.closedSince.length > 0 && (
        <p className={css['bad']}>
          ✕{' '}
          {plural(
            go.closedSince.length,
            'thing is not as it was judged',
            'things are not as they were judged',
          )}
          : the press would be refused, and nothing begun. When that is mended, judge again.
        </p>
      )}
      {go.closedSince.slice(0, mostNamed).map((why) => (
        <p key={why} className={css['bad']}>
          {why}
        </p>
      ))}
      {go.why.map((why) => (
        <p key={why} className={css['bad']}>
          ✕ {why}
        </p>
      ))}
      {overridden.map((gate) => (
        <p key={gate.gate} className="muted">
          ↷ {gate.title}: {gate.override?.who} — “{gate.override?.reason}”
        </p>
      ))}
    </section>
  );
}

function Absent(props: { readonly go: GoView }) {
  const { absent, notes } = props.go;
  if (absent.length + notes.length === 0) return null;
  return (
    <section className={`panel stack ${absent.length > 0 ? css['absent'] : ''}`} aria-labelledby="absent">
      <h2 className="label" id="absent">
        {absent.length > 0 ? 'What this run goes without' : 'Notes'}
      </h2>
      {absent.map((text) => (
        <p key={text} className={css['bad']}>
          ✕ {text}
        </p>
      ))}
      {notes.map((text) => (
        <p key={text} className="muted">
          {text}
        </p>
      ))}
    </section>
  );
}

function detailOf({ canGo, closedSince }: GoView): string {
  if (!canGo) return 'Something blocks: see above. When it is mended, judge again.';
  return closedSince.length > 0
    ? 'Something is not as it was judged: see above. It would be refused, and nothing begun.'
    : 'Hold 1.5 s with the mouse, Enter or Space. Letting go earlier begins nothing.';
}

/** The last look before the run: frozen gates, forecast, every statement, what is missing; then press and hold. */
export function GoNoGo(props: { readonly view: View; readonly go: GoView }) {
  const { view, go } = props;
  const { ask, askAs } = useAsk();
  const whyNot = useWhyNot();
  // The frozen gates do not hear answers that are given here: they are frozen anew, with a new permit.
  async function judgeAgain(): Promise<void> {
    await ask('disarm', {});
    rememberPermit(await askAs('arm', {}));
  }
  return (
    <main className={css['screen']}>
      <h1 className="visually-hidden">Go or no-go</h1>
      <div className={css['left']}>
        <Forecast forecast={go.forecast} />
        <Statements go={go} />
      </div>
      <div className={css['right']}>
        <div className={css['scroll']} tabIndex={0} role="group" aria-label="Before you press">
          <Gates view={view} go={go} />
          <GoChecklist items={view.checklist} />
          <Absent go={go} />
        </div>
        <div className={css['press']}>
          <Release
            hold={view.run?.heldAt ?? 'lock'}
            enabled={go.canGo}
            label="Hold to begin"
            detail={detailOf(go)}
          />
        </div>
        <div className={css['back']}>
          <button type="button" disabled={whyNot !== null} onClick={() => void ask('disarm', {})}>
            Back to preflight
          </button>
          <button type="button" disabled={whyNot !== null} onClick={() => void judgeAgain()}>
            Judge again
          </button>
        </div>
      </div>
    </main>
  );
}
