import type { Verdict } from '../../shared/gates/gate.ts';
import type { Evidence } from '../../shared/gates/gate.ts';
import { Copy } from '../parts/Copy.tsx';
import { utcTime } from '../parts/format.ts';
import { HostKey } from '../sessions/HostKey.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { useUi } from '../store/ui.ts';
import { Answer } from './Answer.tsx';
import css from './detail.module.css';
import { ProveZones } from './ProveZones.tsx';
import type { Row } from './rows.ts';

const guards = {
  I1: 'never two writable sides',
  I2: 'no acknowledged write is lost',
  I3: 'any failure ends with the source writable again',
  I4: 'no way to split the data after the point of no return',
  I5: 'every effect is journaled',
  I6: 'a step ends on what is read back',
  I7: 'a rehearsal never touches production',
  I8: 'one cockpit drives',
  I9: 'nothing secret gets out',
  I10: 'every wait is bounded',
} as const;

function EvidenceTable(props: { readonly evidence: Evidence }) {
  return (
    <div className={css['scroll']} tabIndex={0} role="group" aria-label="Evidence">
      <table className="code-table">
        <thead>
          <tr>
            {props.evidence.columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody className="num">
          {props.evidence.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Override(props: { readonly verdict: Verdict }) {
  const { verdict } = props;
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  if (verdict.override !== null) {
    return (
      <section className="stack">
        <h3 className="label">Overridden</h3>
        <p className="muted">
          By {verdict.override.who} at {utcTime(verdict.override.atUtcMs)} UTC: “{verdict.override.reason}”
        </p>
        <button
          type="button"
          disabled={whyNot !== null}
          onClick={() => void askAs('withdrawOverride', { gate: verdict.gate })}
        >
          Withdraw the override
        </button>
      </section>
    );
  }
  if (verdict.state === 'open' || !verdict.blocking) return null;
  if (!verdict.overridable) {
    const because = verdict.guards
      .filter((guard) => guard === 'I1' || guard === 'I2' || guard === 'I7')
      .map((guard) => guards[guard]);
    return (
      <p className="muted">
        This gate cannot be overridden
        {because.length > 0 ? `: without it the promise “${because.join('; ')}” would not hold` : ''}.
      </p>
    );
  }
  return (
    <button
      type="button"
      disabled={whyNot !== null}
      title={whyNot ?? undefined}
      onClick={() => useUi.setState({ dialog: 'override' })}
    >
      Go on although it is {verdict.state}…
    </button>
  );
}

const heads = { closed: 'Why it is closed', unknown: 'Why it is unknown', open: 'What was seen' } as const;

function GateDetail(props: { readonly verdict: Verdict }) {
  const { verdict } = props;
  return (
    <>
      <h2 className="label">{heads[verdict.state]}</h2>
      <p className={css['title']}>{verdict.title}</p>
      {verdict.reasons.map((reason) => (
        <p key={reason} className="muted">
          {reason}
        </p>
      ))}
      {verdict.evidence !== null && <EvidenceTable evidence={verdict.evidence} />}
      {verdict.fix !== null && (
        <section className="stack">
          <h3 className="label">Fix</h3>
          <code className="code">{verdict.fix}</code>
          <div>
            <Copy text={verdict.fix} />
          </div>
        </section>
      )}
      {verdict.gate.startsWith('dns.write:') && <ProveZones />}
      {verdict.guards.length > 0 && (
        <section className="stack">
          <h3 className="label">Guards</h3>
          {verdict.guards.map((guard) => (
            <p key={guard} className="muted">
              <span className="num">{guard}</span>, {guards[guard]}.
            </p>
          ))}
        </section>
      )}
      <Override verdict={verdict} />
      <p className="faint">
        <small className="num">{verdict.gate}</small>
      </p>
    </>
  );
}

/** Right of the list: everything about the selected row, and what can be done about it. */
export function Detail(props: { readonly row: Row | null }) {
  const { row } = props;
  return (
    <div className={css['detail']} tabIndex={0} role="region" aria-label="Details">
      {row === null && <p className="muted">Choose a gate to see its evidence and what opens it.</p>}
      {row?.kind === 'gate' && <GateDetail verdict={row.verdict} />}
      {row?.kind === 'item' && <Answer key={row.key} item={row.item} />}
      {row?.kind === 'host' && <HostKey key={row.key} host={row.host} />}
    </div>
  );
}
