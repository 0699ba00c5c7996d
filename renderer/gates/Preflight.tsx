import { useEffect } from 'react';
import type { View } from '../../shared/contract/view.ts';
import { Dns } from '../observations/Dns.tsx';
import { LagTable } from '../observations/LagTable.tsx';
import { Mark } from '../parts/Mark.tsx';
import { plural } from '../parts/format.ts';
import { Lane } from '../steps/Lane.tsx';
import { Observing } from '../steps/Observing.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import { rememberPermit, useUi } from '../store/ui.ts';
import { Detail } from './Detail.tsx';
import { GateNav } from './GateNav.tsx';
import { LeftRun } from './LeftRun.tsx';
import css from './preflight.module.css';
import { RowList } from './RowList.tsx';
import { blockersFirst, countRows, listedRows, rowsOf } from './rows.ts';
import type { Counts, Row } from './rows.ts';

function Head(props: { readonly counts: Counts }) {
  const { counts } = props;
  const onlyBlocking = useUi((state) => state.onlyBlocking);
  return (
    <div className={css['head']}>
      {counts.closed > 0 && <Mark tone="closed">{counts.closed} closed</Mark>}
      {counts.unknown > 0 && <Mark tone="unknown">{counts.unknown} unknown</Mark>}
      {counts.overridden > 0 && (
        <Mark tone="unknown" sign="↷">
          {counts.overridden} overridden
        </Mark>
      )}
      {counts.warnings > 0 && (
        <Mark tone="unknown" sign="!">
          {plural(counts.warnings, 'warning')}
        </Mark>
      )}
      <Mark tone="open">{counts.open} open</Mark>
      <button
        type="button"
        className="spacer"
        aria-pressed={onlyBlocking}
        onClick={() => useUi.setState({ onlyBlocking: !onlyBlocking })}
      >
        {onlyBlocking ? 'Show all' : 'Only what blocks'} <kbd>B</kbd>
      </button>
    </div>
  );
}

function away(counts: Counts): string {
  const parts = [
    ...(counts.blockingGates > 0 ? [plural(counts.blockingGates, 'gate')] : []),
    ...(counts.answers > 0 ? [plural(counts.answers, 'answer')] : []),
    ...(counts.hosts > 0 ? [plural(counts.hosts, 'host key')] : []),
  ];
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}` : (parts[0] ?? '');
}

function GoOn(props: { readonly view: View; readonly counts: Counts }) {
  const { view, counts } = props;
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  const missing = away(counts);
  const past = view.header.phase !== 'preflight' && view.header.phase !== 'replicate';
  async function arm(): Promise<void> {
    rememberPermit(await askAs('arm', {}));
  }
  return (
    <div className={css['go']}>
      <button
        type="button"
        className="primary"
        disabled={missing !== '' || whyNot !== null || past}
        onClick={() => void arm()}
      >
        {past ? 'The run has begun' : missing === '' ? 'Go / no-go' : `Go / no-go — ${missing} away`}
      </button>
      <small className="faint">
        {whyNot ?? 'Freezes the gates and shows exactly what would run. Nothing is changed yet.'}
      </small>
    </div>
  );
}

/** What stands below the gates: the way on, unless a run that is not this cockpit's stands before it. */
function Below(props: { readonly view: View; readonly counts: Counts }) {
  const { view, counts } = props;
  if (view.other !== null && view.run === null)
    return (
      <div className={css['other']}>
        <Observing other={view.other} run={null} />
      </div>
    );
  if (view.left !== null) return <LeftRun left={view.left} />;
  return <GoOn view={view} counts={counts} />;
}

function TopologyPane(props: { readonly view: View }) {
  return (
    <div className={css['topology']} tabIndex={0} role="group" aria-label="Topology and lag">
      {props.view.chains.map((chain) => (
        <div key={chain.chain} className={css['chain']}>
          <Lane chain={chain} run={null} />
          <div className="panel">
            <LagTable chain={chain} />
          </div>
        </div>
      ))}
    </div>
  );
}

function chosen(rows: readonly Row[], selected: string | null): Row | null {
  return rows.find((row) => row.key === selected) ?? null;
}

/** All gates with evidence, age and fix; the answers of people; host keys; and the way on when nothing blocks. */
export function Preflight(props: { readonly view: View }) {
  const { view } = props;
  const listed = useUi((state) => state.listed);
  const onlyBlocking = useUi((state) => state.onlyBlocking);
  const selected = useUi((state) => state.selected);
  const rows = rowsOf(view);
  const shown = listedRows(rows, listed, onlyBlocking);
  const counts = countRows(rows);
  // Armed, the gates are those of that moment until a run begins; what has closed since stands at go/no-go.
  const frozenAt = view.run === null ? (view.go?.frozenAt ?? null) : null;
  // Something is always selected; once chosen it stays, whatever its state becomes.
  const fallback = blockersFirst(rows)[0]?.key ?? null;
  useEffect(() => {
    if (selected === null && fallback !== null) useUi.setState({ selected: fallback });
  }, [selected, fallback]);
  return (
    <main className={css['preflight']}>
      <h1 className="visually-hidden">Preflight</h1>
      <GateNav view={view} rows={rows} />
      {listed === 'topology' ? (
        <TopologyPane view={view} />
      ) : listed === 'propagation' ? (
        <div className={css['wide']}>
          <Dns />
        </div>
      ) : (
        <>
          <section className={`panel ${css['middle']}`} aria-label="Gates">
            <Head counts={counts} />
            <RowList key={listed} rows={shown} selected={selected} frozenAt={frozenAt} />
          </section>
          <aside className={`panel ${css['aside']}`}>
            <Detail row={chosen(rows, selected)} />
            <Below view={view} counts={counts} />
          </aside>
        </>
      )}
    </main>
  );
}
