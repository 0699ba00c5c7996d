import type { HeaderView } from '../../shared/contract/view.ts';
import { useNow } from '../store/clock.ts';
import { useRun } from '../store/run.ts';
import { localTime, plural, utcTime } from '../parts/format.ts';
import css from './mode-banner.module.css';

/** The words of the mode: what this window can touch. */
export function modeWords(header: Pick<HeaderView, 'environment' | 'mode'>): string {
  const environment = header.environment.toUpperCase();
  return header.mode === 'live' ? `${environment} — LIVE` : `REHEARSAL — ${environment}`;
}

function Clock() {
  const now = useNow(1_000);
  return (
    <span className={css['clock']}>
      <time className="num" dateTime={new Date(now).toISOString()}>
        {utcTime(now)} UTC
      </time>
      <span className={css['local']}>{localTime(now)}</span>
    </span>
  );
}

/** The whole top of every view: word and colour of the mode, who drives, what time it is. */
export function ModeBanner(props: { readonly header: HeaderView }) {
  const { header } = props;
  const role = useRun((state) => state.role);
  return (
    <div
      className={`${css['mode']} ${header.mode === 'live' ? css['live'] : css['rehearsal']}`}
      role="region"
      aria-label="Mode"
    >
      <strong>{modeWords(header)}</strong>
      <span className={css['what']}>
        {header.sites.source.join(', ')} → {header.sites.target.join(', ')}
        {header.mode === 'rehearsal' && (
          <span className={css['safe']}> · nothing here can reach a production server</span>
        )}
      </span>
      <span className={css['right']}>
        {role === 'observer' && <strong className={css['observing']}>you observe</strong>}
        <span>driver: {header.driver}</span>
        <span>{plural(header.observers, 'observer')}</span>
        <Clock />
      </span>
    </div>
  );
}
