import type { View } from '../../shared/contract/view.ts';
import { Live } from '../parts/Live.tsx';
import { Prepare } from '../plan/Prepare.tsx';
import { linkWord } from '../sessions/Topology.tsx';
import { useRun } from '../store/run.ts';
import { useUi } from '../store/ui.ts';
import type { Listed } from '../store/ui.ts';
import css from './gate-nav.module.css';
import { blocks, groups } from './rows.ts';
import type { Row } from './rows.ts';

function Entry(props: {
  readonly listed: Listed;
  readonly word: string;
  readonly figure: string;
  readonly tone: string | undefined;
}) {
  const on = useUi((state) => state.listed === props.listed);
  return (
    <li>
      <button
        type="button"
        className={on ? css['on'] : undefined}
        aria-current={on ? 'true' : undefined}
        onClick={() => useUi.setState({ listed: props.listed })}
      >
        {props.word} <span className={`num ${props.tone ?? ''}`}>{props.figure}</span>
      </button>
    </li>
  );
}

/** ✕ and how many block, ? and how many are unknown, otherwise how many are fine. */
function figureOf(rows: readonly Row[]): { readonly figure: string; readonly tone: string | undefined } {
  const blocking = rows.filter(blocks);
  const closed = blocking.filter((row) => row.kind === 'gate' && row.verdict.state === 'closed').length;
  if (closed > 0) return { figure: `${String(closed)} ✕`, tone: css['bad'] };
  if (blocking.length > 0) return { figure: `${String(blocking.length)} ?`, tone: css['unknown'] };
  return { figure: `${String(rows.length)} ✓`, tone: undefined };
}

/** Left of the list: the groups with their counts, the links with their lag, and what has to be prepared. */
export function GateNav(props: { readonly view: View; readonly rows: readonly Row[] }) {
  const { view, rows } = props;
  const asksDns = useRun((state) => state.dns !== null);
  const present = groups.filter(({ group }) =>
    rows.some((row) => row.kind === 'gate' && row.verdict.group === group),
  );
  const crossing = view.chains.flatMap((chain) => chain.links.filter((link) => link.kind === 'forward'));
  return (
    <nav className={`panel ${css['nav']}`} aria-label="Preflight">
      <ul>
        <Entry listed="all" word="All" figure={String(rows.length)} tone={undefined} />
        {present.map(({ group, word }) => (
          <Entry
            key={group}
            listed={group}
            word={word}
            {...figureOf(rows.filter((row) => row.kind === 'gate' && row.verdict.group === group))}
          />
        ))}
        {rows.some((row) => row.kind === 'item') && (
          <Entry
            listed="checklist"
            word="Checklist"
            {...figureOf(rows.filter((row) => row.kind === 'item'))}
          />
        )}
        {rows.some((row) => row.kind === 'host') && (
          <Entry
            listed="host-keys"
            word="Host keys"
            {...figureOf(rows.filter((row) => row.kind === 'host'))}
          />
        )}
        <Entry listed="topology" word="Topology and lag" figure="→" tone={undefined} />
        {asksDns && <Entry listed="propagation" word="DNS as users see it" figure="→" tone={undefined} />}
      </ul>
      <h2 className="label">Target behind source</h2>
      <dl className={css['lag']}>
        {crossing.map((link) => (
          <div key={`${link.from} ${link.to}`}>
            <dt>{link.to}</dt>
            <dd className={link.state === 'running' ? undefined : css['bad']}>
              <Live takenAt={link.takenAt}>{linkWord(link)}</Live>
            </dd>
          </div>
        ))}
      </dl>
      <Prepare prepared={view.header.prepared} />
    </nav>
  );
}
