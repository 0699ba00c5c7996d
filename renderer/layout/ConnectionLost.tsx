import { useEffect, useState } from 'react';
import { duration, utcTime } from '../parts/format.ts';
import { useRun } from '../store/run.ts';
import css from './connection-lost.module.css';

function useSecondsSince(sinceUtcMs: number): number {
  const [ms, setMs] = useState(0);
  useEffect(() => {
    const tell = () => setMs(Math.max(0, Date.now() - sinceUtcMs));
    tell();
    const timer = setInterval(tell, 1_000);
    return () => clearInterval(timer);
  }, [sinceUtcMs]);
  return Math.floor(ms / 1000) * 1000;
}

function Lost(props: { readonly sinceUtcMs: number }) {
  const forMs = useSecondsSince(props.sinceUtcMs);
  return (
    <div className={css['lost']} role="alert">
      <strong>
        <span aria-hidden="true">✕ </span>Connection to the cockpit lost since {utcTime(props.sinceUtcMs)} UTC
      </strong>
      <span>
        What you see is old. The run goes on without this window. Trying again —{' '}
        <span className="num">{duration(forMs).replace(/\.\d+/, '')}</span>
      </span>
    </div>
  );
}

/** Lies over the phase line while nothing is heard from the cockpit, so that nothing below moves. */
export function ConnectionLost() {
  const connection = useRun((state) => state.connection);
  return connection.kind === 'lost' ? <Lost sinceUtcMs={connection.sinceUtcMs} /> : null;
}
