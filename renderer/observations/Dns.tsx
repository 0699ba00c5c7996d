import { useState } from 'react';
import type { DnsView, ShareView } from '../../shared/contract/dns-view.ts';
import { Mark } from '../parts/Mark.tsx';
import { plural, utcTime } from '../parts/format.ts';
import { useNow } from '../store/clock.ts';
import { useRun } from '../store/run.ts';
import css from './dns.module.css';
import { DnsHealth } from './DnsHealth.tsx';
import { DnsMatrix, SideMark } from './DnsMatrix.tsx';
import { etaWords, percentOf, sumOf } from './dns-words.ts';
import { ShareChart } from './ShareChart.tsx';

function Bar(props: { readonly share: ShareView }) {
  const all = sumOf(props.share);
  const part = (value: number) => `${String(all === 0 ? 0 : (100 * value) / all)}%`;
  return (
    <span className={css['bar']} aria-hidden="true">
      <i className={css['target']} style={{ width: part(props.share.target) }} />
      <i className={css['source']} style={{ width: part(props.share.source) }} />
      <i className={css['rest']} style={{ width: part(props.share.other + props.share.error) }} />
    </span>
  );
}

function Regions(props: { readonly dns: DnsView }) {
  return (
    <dl className={css['regions']}>
      {props.dns.regions.map(({ region, share }) => (
        <div key={region}>
          <dt>{region}</dt>
          <dd>
            <Bar share={share} />
            <span className="num">{percentOf(share.target, sumOf(share))}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** How much of what users ask is answered by the target, where, and when all of it will be. */
function Summary(props: { readonly dns: DnsView }) {
  const { dns } = props;
  const now = useNow(1_000);
  const { share } = dns;
  const eta = etaWords(dns.eta, now);
  return (
    <section className={`panel ${css['summary']}`} aria-labelledby="dns-share">
      <div className={css['figures']}>
        <h2 className="label" id="dns-share">
          Answers on the target
        </h2>
        <span className={`num ${css['figure']}`}>{percentOf(share.target, sumOf(share))}</span>
        <span className="muted">
          {share.target} of {sumOf(share)} rows; source {share.source}, other {share.other}, errors{' '}
          {share.error}
        </span>
      </div>
      <div className={css['figures']}>
        <h2 className="label">All turned</h2>
        <span className={`num ${css['figure']} ${dns.eta.kind === 'unknown' ? css['words'] : ''}`}>
          {eta.figure}
        </span>
        <span className="muted">{eta.says}</span>
      </div>
      <Regions dns={dns} />
      <ShareChart history={dns.history} />
    </section>
  );
}

function Lingering(props: { readonly dns: DnsView }) {
  const { lingering, lingeringMore, share } = props.dns;
  return (
    <section className={`panel ${css['lingering']}`} aria-labelledby="dns-lingering">
      <h2 className="label" id="dns-lingering">
        Not on the target, and why
      </h2>
      <ul className={css['list']} tabIndex={0} aria-label="Rows that are not on the target">
        {lingering.map(({ row, side, label, why }) => (
          <li key={row}>
            <SideMark side={side} /> <b>{label}</b>
            <span className="muted">{why}</span>
          </li>
        ))}
        {lingering.length === 0 && (
          <li className="muted">
            {share.target === sumOf(share)
              ? 'Nobody: every row that was asked answers the target.'
              : 'Nothing is waited for yet: the change is still to come.'}
          </li>
        )}
        {lingeringMore > 0 && <li className="muted">and {lingeringMore} more</li>}
      </ul>
    </section>
  );
}

const standings = {
  holds: { tone: 'open', word: 'holds it' },
  lame: { tone: 'closed', word: 'lame' },
  silent: { tone: 'unknown', word: 'silent' },
  'no-address': { tone: 'closed', word: 'no address' },
} as const;

function Zone(props: { readonly zone: DnsView['zones'][number] }) {
  const { zone } = props;
  return (
    <li>
      <b>{zone.name}</b> <span className="muted">{zone.view}</span>
      <span className="muted">
        {zone.changedAtUtcMs === null
          ? 'not every server has the change'
          : `every server has the change since ${utcTime(zone.changedAtUtcMs)} UTC`}
      </span>
      {zone.servers === null && <span className="muted">Looking for its servers…</span>}
      {(zone.servers ?? []).map(({ server, address, standing, why }) => (
        <span key={`${server} ${address ?? ''}`} className={css['server']}>
          <Mark tone={standings[standing].tone}>{standings[standing].word}</Mark> <span>{server}</span>{' '}
          <span className="num faint">{address}</span>
          {standing !== 'holds' && <span className={css['why']}>{why}</span>}
        </span>
      ))}
      {zone.notes.map((note) => (
        <span key={note} className={css['why']}>
          {note}
        </span>
      ))}
    </li>
  );
}

function Zones(props: { readonly dns: DnsView }) {
  const { dns } = props;
  return (
    <section className={`panel ${css['zones']}`} aria-labelledby="dns-zones">
      <h2 className="label" id="dns-zones">
        Zones, and what changes in them
      </h2>
      <ul className={css['list']} tabIndex={0} aria-label="Zones and changes">
        {dns.zones.map((zone) => (
          <Zone key={zone.zone} zone={zone} />
        ))}
        {dns.told.map((told) => (
          <li key={told.row} title={told.why}>
            <SideMark side={told.side} /> <b>Route 53 itself</b>
            <span className="muted">
              {told.question}
              {(told.users ?? told.region) !== null && ` for ${told.users ?? told.region ?? ''}`}:{' '}
              {told.values.length === 0 ? told.why : told.values.join(', ')}; the plan: source{' '}
              {told.expectedSource.join(', ')}, target {told.expectedTarget.join(', ')}
            </span>
          </li>
        ))}
        {dns.planes.map((says) => (
          <li key={says} className="muted">
            {says}
          </li>
        ))}
        {dns.changes.map(({ zone, set, before, after }) => (
          <li key={`${zone} ${set}`}>
            <b>{set}</b>
            <span className={css['before']}>− {before}</span>
            <span className={css['after']}>+ {after}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who answers what, or the health checks by which Route 53 chooses: one of the two at a time has the room. */
function Main(props: { readonly dns: DnsView }) {
  const { dns } = props;
  const [wantsHealth, setWantsHealth] = useState(false);
  if (dns.health === null) return <DnsMatrix dns={dns} choice={null} />;
  const choice = (
    <button type="button" onClick={() => setWantsHealth(!wantsHealth)}>
      {wantsHealth ? 'Who answers what' : 'Health checks'}
    </button>
  );
  return wantsHealth ? (
    <DnsHealth health={dns.health} choice={choice} />
  ) : (
    <DnsMatrix dns={dns} choice={choice} />
  );
}

/** DNS as users see it: how far the change has come, who still answers the source, and why. */
export function Dns() {
  const dns = useRun((state) => state.dns);
  if (dns === null)
    return (
      <section className="panel" aria-label="DNS">
        <p className="muted">Nothing is known of DNS yet. Where the plan names none, nothing is asked.</p>
      </section>
    );
  return (
    <div className={css['dns']}>
      <Summary dns={dns} />
      <Main dns={dns} />
      <div className={css['aside']}>
        <Lingering dns={dns} />
        <Zones dns={dns} />
      </div>
      <p className={`faint ${css['pace']}`}>
        <small>
          {dns.pace} · {plural(dns.rows.length, 'row')}
        </small>
      </p>
    </div>
  );
}

/** The same in one line, where there is room for no more. */
export function DnsLine() {
  const dns = useRun((state) => state.dns);
  const now = useNow(1_000);
  if (dns === null) return null;
  const { share } = dns;
  const eta = etaWords(dns.eta, now);
  return (
    <p className={css['line']}>
      <span className="label">DNS</span> <Bar share={share} />{' '}
      <span>
        <b className="num">{percentOf(share.target, sumOf(share))}</b> on the target
      </span>
      <span className="muted" title={eta.says}>
        all turned: <span className="num">{eta.figure}</span>
      </span>
    </p>
  );
}
