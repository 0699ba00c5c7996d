import type { ResidueView } from '../../shared/contract/residue-view.ts';
import { Mark } from '../parts/Mark.tsx';
import { age, count, utcTime } from '../parts/format.ts';
import { useNow } from '../store/clock.ts';
import { useRun } from '../store/run.ts';
import css from './residue.module.css';

const tones = { open: 'open', closed: 'closed', unknown: 'unknown' } as const;

/** What arrives each minute over all places that can tell; null where none can. */
function perMinute({ places }: ResidueView): number | null {
  const told = places.flatMap((place) => (place.perMinute === null ? [] : [place.perMinute]));
  return told.length === 0 ? null : told.reduce((sum, each) => sum + each, 0);
}

function Gate(props: { readonly residue: ResidueView }) {
  const { goDark } = props.residue;
  return (
    <section className={`panel ${css['gate']}`} aria-labelledby="go-dark">
      <h2 className="label" id="go-dark">
        Gate
      </h2>
      <p className={css['title']}>
        <Mark tone={tones[goDark.state]}>{goDark.state}</Mark> The source side may go dark
      </p>
      <ul>
        {goDark.reasons.map((reason) => (
          <li key={reason} className="muted">
            {reason}
          </li>
        ))}
      </ul>
      {goDark.state === 'closed' && goDark.opensAtUtcMs !== null && (
        <p>
          It opens at <b className="num">{utcTime(goDark.opensAtUtcMs)}</b> UTC when nobody comes any more.
        </p>
      )}
    </section>
  );
}

function Place(props: { readonly place: ResidueView['places'][number]; readonly now: number }) {
  const { place, now } = props;
  return (
    <tbody>
      <tr className={css['place']}>
        <th scope="rowgroup" colSpan={2}>
          {place.place}{' '}
          <span className="muted">{place.kind === 'database' ? 'source database' : 'source edge'}</span>
        </th>
        <td className="right num">
          {place.perMinute === null ? 'unknown' : `${count(place.perMinute)} / min`}
        </td>
        <td className="right">
          {place.quietSinceUtcMs === null ? '–' : <>quiet since {utcTime(place.quietSinceUtcMs)}</>}
        </td>
      </tr>
      {place.unknown !== null && (
        <tr>
          <td colSpan={4} className={css['unknown']}>
            It cannot be looked at: {place.unknown}
          </td>
        </tr>
      )}
      {place.arrivals.map(({ who, owner, mayStay, count: sessions, lastAtUtcMs }) => (
        <tr key={who}>
          <td className="num">{who}</td>
          <td className={owner === null ? css['unknown'] : undefined}>
            {owner ?? 'owner not in the plan'}
            {mayStay && <span className="muted"> · may stay</span>}
          </td>
          <td className="right num">{count(sessions)}</td>
          <td className="right muted">{age(now - lastAtUtcMs)}</td>
        </tr>
      ))}
      {place.unknown === null && place.arrivals.length === 0 && (
        <tr>
          <td colSpan={4} className="muted">
            {place.lookedAtUtcMs === null ? 'Not looked at yet.' : 'Nobody in the last ten minutes.'}
          </td>
        </tr>
      )}
    </tbody>
  );
}

/** Who still arrives on the source side, whose that is, and whether it may go dark. */
export function Residue() {
  const residue = useRun((state) => state.residue);
  const now = useNow(1_000);
  if (residue === null)
    return (
      <section className="panel" aria-label="Residue">
        <p className="muted">Nothing was switched yet: everybody is where they should be.</p>
      </section>
    );
  return (
    <div className={css['residue']}>
      <section className={`panel ${css['places']}`} aria-labelledby="residue-places">
        <h2 className="label" id="residue-places">
          Who arrives on the source side
        </h2>
        <div className={css['scroll']} tabIndex={0} role="group" aria-label="Arrivals, place by place">
          <table>
            <thead>
              <tr>
                <th scope="col">who</th>
                <th scope="col">owner</th>
                <th scope="col" className="right">
                  now
                </th>
                <th scope="col" className="right">
                  last seen
                </th>
              </tr>
            </thead>
            {residue.places.map((place) => (
              <Place key={place.place} place={place} now={now} />
            ))}
          </table>
        </div>
      </section>
      <Gate residue={residue} />
    </div>
  );
}

/** The same in one line. */
export function ResidueLine() {
  const residue = useRun((state) => state.residue);
  if (residue === null) return null;
  const rate = perMinute(residue);
  return (
    <p className={css['line']}>
      <span className="label">Residue</span>{' '}
      <span>
        <b className="num">{rate === null ? 'unknown' : count(rate)}</b> arrivals a minute on the source
      </span>{' '}
      <Mark tone={tones[residue.goDark.state]}>may go dark: {residue.goDark.state}</Mark>
    </p>
  );
}
