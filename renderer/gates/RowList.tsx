import { useEffect, useRef, useState } from 'react';
import { Age, GateAge } from '../parts/Age.tsx';
import { Mark } from '../parts/Mark.tsx';
import { useUi } from '../store/ui.ts';
import css from './row-list.module.css';
import { blockersFirst, blocks, inOrder } from './rows.ts';
import type { Row } from './rows.ts';

function RowMark(props: { readonly row: Row }) {
  const { row } = props;
  if (row.kind === 'gate') {
    const { verdict } = row;
    if (verdict.state === 'open') return <Mark tone="open">open</Mark>;
    if (verdict.override !== null && verdict.overridable)
      return (
        <Mark tone="unknown" sign="↷">
          overridden
        </Mark>
      );
    if (!verdict.blocking)
      return (
        <Mark tone="unknown" sign="!">
          warning
        </Mark>
      );
    return verdict.state === 'closed' ? (
      <Mark tone="closed">closed</Mark>
    ) : (
      <Mark tone="unknown">unknown</Mark>
    );
  }
  if (row.kind === 'host') {
    if (row.host.state === 'accepted') return <Mark tone="open">accepted</Mark>;
    return row.host.state === 'changed' ? (
      <Mark tone="closed">changed</Mark>
    ) : (
      <Mark tone="unknown">new key</Mark>
    );
  }
  const answer = row.item.answer?.answer;
  if (answer === 'yes') return <Mark tone="open">yes</Mark>;
  if (answer === 'no')
    return blocks(row) ? (
      <Mark tone="closed">no</Mark>
    ) : (
      <Mark tone="unknown" sign="!">
        no
      </Mark>
    );
  return (
    <Mark tone="info" sign="○">
      answer
    </Mark>
  );
}

function titleOf(row: Row): string {
  if (row.kind === 'gate') return row.verdict.title;
  return row.kind === 'item' ? row.item.title : `The SSH key of ${row.host.host} is known`;
}

function saysOf(row: Row): string {
  if (row.kind === 'gate') return row.verdict.reasons.join(' ');
  if (row.kind === 'host')
    return row.host.state === 'changed'
      ? 'The host shows another key than the one that was accepted.'
      : row.host.state === 'accepted'
        ? row.host.fingerprint
        : 'Compare its fingerprint and accept it; until then nothing is sent to this host.';
  const { answer, role } = row.item;
  if (answer !== null) return `Answered by ${answer.who}.`;
  return role === null ? 'Waiting for an answer.' : `Waiting for: ${role}.`;
}

function RowAge(props: { readonly row: Row; readonly frozenAt: number | null }) {
  const { row, frozenAt } = props;
  if (row.kind === 'gate') return <GateAge verdict={row.verdict} frozenAt={frozenAt} />;
  if (row.kind === 'item' && row.item.answer !== null)
    return <Age takenAt={row.item.answer.atUtcMs} limitMs={null} />;
  return <span className="faint">–</span>;
}

/**
 * The list in the middle. What blocks stands first; while the pointer or the keyboard is in the list, each row keeps its
 * place whatever its state becomes. Arrow keys go through it.
 */
export function RowList(props: {
  readonly rows: readonly Row[];
  readonly selected: string | null;
  /** UTC ms; null: the gates are judged all the time. */
  readonly frozenAt: number | null;
}) {
  const { selected, frozenAt } = props;
  const [frozen, setFrozen] = useState<readonly string[] | null>(null);
  const rows = frozen === null ? blockersFirst(props.rows) : inOrder(props.rows, frozen);
  const freeze = () => setFrozen((before) => before ?? rows.map((row) => row.key));
  const release = () => {
    const element = list.current;
    if (element !== null && !element.matches(':hover') && !element.contains(document.activeElement))
      setFrozen(null);
  };
  const list = useRef<HTMLUListElement>(null);
  const byKey = useRef(false);
  useEffect(() => {
    if (!byKey.current) return;
    byKey.current = false;
    const row = list.current?.querySelector('[aria-current="true"]');
    if (row instanceof HTMLElement) row.focus();
  }, [selected]);

  function move(by: number): void {
    const index = rows.findIndex((row) => row.key === selected);
    const next = rows[Math.min(rows.length - 1, Math.max(0, index + by))];
    if (next === undefined) return;
    byKey.current = true;
    useUi.setState({ selected: next.key });
  }

  return (
    <ul
      className={css['list']}
      ref={list}
      aria-label="Gates and answers"
      onPointerEnter={freeze}
      onPointerLeave={release}
      onFocus={freeze}
      onBlur={() => requestAnimationFrame(release)}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
        event.preventDefault();
        move(event.key === 'ArrowDown' ? 1 : -1);
      }}
    >
      {rows.map((row) => (
        <li key={row.key}>
          <button
            type="button"
            className={`${css['row']} ${row.key === selected ? css['selected'] : ''}`}
            aria-current={row.key === selected ? 'true' : undefined}
            onClick={() => useUi.setState({ selected: row.key })}
          >
            <span>
              <RowMark row={row} />
            </span>
            <span>
              <b>{titleOf(row)}</b>
              <span className={css['says']}>{saysOf(row)}</span>
            </span>
            <span className={css['age']}>
              <RowAge row={row} frozenAt={frozenAt} />
            </span>
          </button>
        </li>
      ))}
      {rows.length === 0 && <li className={css['none']}>Nothing here blocks.</li>}
    </ul>
  );
}
