import type { ReactNode } from 'react';
import type { HealthCheckView, HealthView, RegionLook } from '../../shared/contract/health-view.ts';
import { Mark } from '../parts/Mark.tsx';
import { plural, utcTime } from '../parts/format.ts';
import css from './dns-health.module.css';
import frame from './scrolled-panel.module.css';
import { SideMark } from './DnsMatrix.tsx';

const states = {
  'as-planned': { tone: 'open', word: 'as planned' },
  differs: { tone: 'closed', word: 'differs from the plan' },
  missing: { tone: 'closed', word: 'missing' },
  unknown: { tone: 'unknown', word: 'not known' },
} as const;

/** How high each look stands: what is unhealthy is low, so that it is seen without colour too. */
const heights: Readonly<Record<RegionLook, number>> = { healthy: 12, part: 7, unhealthy: 3, none: 1 };

/** The last looks at one region, oldest left. */
function Line(props: { readonly region: HealthCheckView['regions'][number] }) {
  const { region, looks, healthy, of } = props.region;
  const good = looks.filter((look) => look === 'healthy').length;
  const says = `${region}: ${String(healthy)} of ${String(of)} checkers healthy now, all of them in ${String(good)} of ${plural(looks.length, 'look')}`;
  return (
    <div className={css['region']}>
      <span className={css['name']}>{region}</span>
      <svg
        className={css['looks']}
        viewBox={`0 0 ${String(looks.length * 4)} 12`}
        preserveAspectRatio="none"
        role="img"
        aria-label={says}
      >
        {looks.map((look, at) => (
          <rect
            key={at}
            className={css[look]}
            x={at * 4}
            y={12 - heights[look]}
            width={3}
            height={heights[look]}
          />
        ))}
      </svg>
      <span className={`num ${healthy < of ? css['against'] : ''}`}>
        {healthy}/{of}
      </span>
    </div>
  );
}

function StableMark(props: { readonly stable: HealthCheckView['stable'] }) {
  const { intervals, wanted } = props.stable;
  return (
    <Mark tone={intervals >= wanted ? 'open' : 'unknown'}>
      {plural(intervals, 'interval')} healthy on end, {wanted} wanted
    </Mark>
  );
}

function Check(props: { readonly check: HealthCheckView }) {
  const { check } = props;
  const { state, detection, fromUtcMs, toUtcMs } = check;
  return (
    <li className={css['check']}>
      <div className={css['title']}>
        <b>{check.check}</b>
        {(check.side === 'both' || check.side === 'source') && <SideMark side="source" />}
        {(check.side === 'both' || check.side === 'target') && <SideMark side="target" />}
        <Mark tone={states[state].tone}>{states[state].word}</Mark>
      </div>
      {check.why !== '' && <p className={css['why']}>{check.why}</p>}
      <StableMark stable={check.stable} />
      <p className="muted">
        Taken out after{' '}
        <span className="num">
          {detection.seconds} s ({detection.intervalSeconds} s × {detection.threshold})
        </span>
        , and resolvers keep to its TTL beyond that.
      </p>
      {check.dependsOnWrites === true && (
        <p className={css['why']}>
          It depends on writes: a minute longer than {detection.seconds} s turns it unhealthy, and all others
          with it.
        </p>
      )}
      {check.regions.length === 0 ? (
        <p className="muted">
          No checker was heard yet; until one says otherwise Route 53 takes it for healthy.
        </p>
      ) : (
        <div>
          {check.regions.map((region) => (
            <Line key={region.region} region={region} />
          ))}
          <p className={`faint num ${css['span']}`}>
            <span>{fromUtcMs === null ? '' : utcTime(fromUtcMs)}</span>
            <span>{toUtcMs === null ? '' : `${utcTime(toUtcMs)} UTC`}</span>
          </p>
        </div>
      )}
    </li>
  );
}

/** The health checks of the plan: whether each is as planned, and how the checkers of each region voted lately. */
export function DnsHealth(props: { readonly health: HealthView; readonly choice: ReactNode }) {
  const { checks, unchecked, traps } = props.health;
  return (
    <section className={`panel ${frame['panel']}`} aria-labelledby="dns-health">
      <div className={frame['head']}>
        <h2 className="label" id="dns-health">
          Health checks, and how their checkers vote
        </h2>
        {props.choice}
      </div>
      <div
        className={`${frame['scroll']} ${css['votes']}`}
        tabIndex={0}
        role="group"
        aria-label="Health checks"
      >
        {traps.map((trap) => (
          <p key={trap} className={css['trap']}>
            <Mark tone="closed">all served</Mark> {trap}
          </p>
        ))}
        {unchecked.map((set) => (
          <p key={set} className={css['trap']}>
            <Mark tone="unknown">no check</Mark> {set} is answered even when its endpoint is dead.
          </p>
        ))}
        <ul className={css['checks']}>
          {checks.map((check) => (
            <Check key={check.check} check={check} />
          ))}
        </ul>
      </div>
    </section>
  );
}
