import type { View } from '../../shared/contract/view.ts';
import { utcTimeMs } from '../parts/format.ts';
import css from './run-log.module.css';

const signs = { plain: '', good: ' ✓', bad: ' ✕', warn: ' ▮' } as const;

/** What happened, newest first. */
export function RunLog(props: { readonly view: View }) {
  return (
    <section className={`panel ${css['log']}`} aria-label="Log" tabIndex={0}>
      <ol>
        {props.view.log.map((line) => (
          <li key={`${String(line.atUtcMs)} ${line.chain ?? ''} ${line.text}`}>
            <time>{utcTimeMs(line.atUtcMs)}</time>
            <span className={css[line.tone]}>
              {line.chain !== null && `${line.chain} · `}
              {line.text}
              {signs[line.tone]}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What went wrong and was not expected, newest first; says so too when there is nothing. */
export function Alarms(props: { readonly view: View }) {
  const alarms = props.view.run?.alarms ?? [];
  return (
    <section
      className={`panel ${css['alarms']} ${alarms.length > 0 ? css['alarmed'] : ''}`}
      aria-labelledby="alarms"
      tabIndex={0}
    >
      <h2 className="label" id="alarms">
        Alarms {alarms.length > 0 && `· ${String(alarms.length)}`}
      </h2>
      <div role="status" aria-live="assertive">
        {alarms.length === 0 ? (
          <p className="faint">none</p>
        ) : (
          alarms.map((alarm) => (
            <p key={`${String(alarm.atUtcMs)} ${alarm.text}`}>
              <b aria-hidden="true">✕ </b>
              {alarm.text} <small className="num muted">{utcTimeMs(alarm.atUtcMs)}</small>
            </p>
          ))
        )}
      </div>
    </section>
  );
}
