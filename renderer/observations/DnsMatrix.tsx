import { useState, type ReactNode } from 'react';
import type { DnsRowView, DnsSide, DnsView } from '../../shared/contract/dns-view.ts';
import { count, utcTime } from '../parts/format.ts';
import { useNow } from '../store/clock.ts';
import css from './dns-matrix.module.css';
import frame from './scrolled-panel.module.css';
import { leftOf, remarkOf, sentenceOf, sides } from './dns-words.ts';

/** More rows than these are not drawn at once; the filter finds the ones that matter. */
const mostRows = 400;

const groups: readonly { readonly kind: DnsRowView['kind']; readonly word: string }[] = [
  { kind: 'authoritative', word: 'Servers that hold the zone' },
  { kind: 'resolver', word: 'Resolvers of users' },
  { kind: 'host', word: 'Application hosts, by their own ways' },
  { kind: 'office', word: 'Offices, by their own ways' },
];

/** Which side an answer is of: sign, word and colour. */
export function SideMark(props: { readonly side: DnsSide }) {
  const { word, sign, tone } = sides[props.side];
  return (
    <span className={`${css['mark']} ${css[tone]}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

function Row(props: { readonly row: DnsRowView; readonly now: number }) {
  const { row, now } = props;
  const remark = remarkOf(row);
  return (
    <tr>
      <th scope="row">
        {row.server} {row.kind === 'resolver' && <span className="num faint">{row.address}</span>}
      </th>
      <td className="muted">
        {row.question}
        {(row.users ?? row.region) !== null && (
          <span className={css['for']}> for {row.users ?? row.region}</span>
        )}
      </td>
      <td>
        <SideMark side={row.side} />
      </td>
      <td title={sentenceOf(row)}>
        <span className="num">{row.values.length === 0 ? '' : row.values.join(', ')}</span>
        {remark !== '' && <span className={css['remark']}> {remark}</span>}
      </td>
      <td className="right num">{leftOf(row, now)}</td>
      <td className="right num">{row.turnedAtUtcMs === null ? '–' : utcTime(row.turnedAtUtcMs)}</td>
    </tr>
  );
}

/**
 * One row for each server, question and group of users, in an order that never changes: answers change in place. Which side
 * it is, what is left of it, and since when.
 */
export function DnsMatrix(props: { readonly dns: DnsView; readonly choice: ReactNode }) {
  const { rows } = props.dns;
  const [lingering, setLingering] = useState(false);
  const now = useNow(1_000);
  const wanted = lingering ? rows.filter(({ side }) => side !== 'target') : rows;
  const shown = wanted.slice(0, mostRows);
  return (
    <section className={`panel ${frame['panel']}`} aria-labelledby="dns-matrix">
      <div className={frame['head']}>
        <h2 className="label" id="dns-matrix">
          Who answers what
        </h2>
        <span className="spacer" />
        <button type="button" aria-pressed={lingering} onClick={() => setLingering(!lingering)}>
          {lingering ? 'Show all' : 'Only what is not on the target'}
        </button>
        {props.choice}
      </div>
      <div
        className={`${frame['scroll']} ${css['rows']}`}
        tabIndex={0}
        role="group"
        aria-label="Answers, row by row"
      >
        <table>
          <thead>
            <tr>
              <th scope="col">server</th>
              <th scope="col">asked</th>
              <th scope="col">answer</th>
              <th scope="col">says</th>
              <th scope="col" className="right">
                left
              </th>
              <th scope="col" className="right">
                turned (UTC)
              </th>
            </tr>
          </thead>
          {groups.map(({ kind, word }) => {
            const mine = shown.filter((row) => row.kind === kind);
            if (mine.length === 0) return null;
            return (
              <tbody key={kind}>
                <tr className={css['group']}>
                  <th scope="rowgroup" colSpan={6}>
                    {word}
                  </th>
                </tr>
                {mine.map((row) => (
                  <Row key={row.row} row={row} now={now} />
                ))}
              </tbody>
            );
          })}
        </table>
        {wanted.length === 0 && <p className="muted">Every row answers the target.</p>}
        {wanted.length > shown.length && (
          <p className="muted">and {count(wanted.length - shown.length)} more that are counted, not drawn</p>
        )}
      </div>
    </section>
  );
}
