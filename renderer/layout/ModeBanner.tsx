import type { HeaderView, OtherView } from '../../shared/contract/view.ts';
import { useNow } from '../store/clock.ts';
import { useAsk } from '../store/ask.ts';
import { useRun } from '../store/run.ts';
import { useUi } from '../store/ui.ts';
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

/** Says that the sides are swapped here, and leads back to the watch as long as nothing was begun. */
function WayBack(props: { readonly runId: string; readonly begun: boolean }) {
  const { ask } = useAsk();
  const who = useUi((state) => state.who);
  return (
    <strong>
      {' '}
      · the way back of run <span className="num">{props.runId}</span>{' '}
      {!props.begun && (
        <button type="button" onClick={() => void ask('startOver', { who: who ?? 'the driver' })}>
          Back to its watch
        </button>
      )}
    </strong>
  );
}

/** The whole top of every view: word and colour of the mode, who drives, what time it is. */
export function ModeBanner(props: { readonly header: HeaderView; readonly other: OtherView | null }) {
  const { header, other } = props;
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
        {header.reverses !== null && <WayBack runId={header.reverses} begun={header.runId !== null} />}
        {header.mode === 'rehearsal' && (
          <span className={css['safe']}> · nothing here can reach a production server</span>
        )}
      </span>
      <span className={css['right']}>
        {role === 'observer' && <strong className={css['observing']}>you observe</strong>}
        {role !== 'observer' && other !== null && (
          <strong className={css['observing']}>this cockpit observes</strong>
        )}
        <span className={css['driver']}>
          driver: {other === null ? header.driver : (other.driver ?? 'another cockpit')}
        </span>
        <span>{plural(header.observers, 'observer')}</span>
        <Clock />
      </span>
    </div>
  );
}
