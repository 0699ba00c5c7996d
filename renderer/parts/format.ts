/** A duration as a person reads it: 0.84 s, 12.3 s, 02:51, 3 h 05 min. Unknown is a dash. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${pad(Math.floor(whole / 60))}:${pad(whole % 60)}`;
  return `${String(Math.floor(whole / 3600))} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** How far a follower is behind: milliseconds below one second. */
export function lag(ms: number): string {
  return ms < 1_000 ? `${String(Math.round(Math.max(0, ms)))} ms` : duration(ms);
}

/** Writes per second in a small place: 206/s, 1.2k/s. */
export function rate(perSecond: number): string {
  return perSecond < 1_000 ? `${String(Math.round(perSecond))}/s` : `${(perSecond / 1_000).toFixed(1)}k/s`;
}

/** Seconds alone, for the big figures that carry their unit beside them. */
export function seconds(ms: number | null): string {
  return ms === null ? '–' : (Math.max(0, ms) / 1000).toFixed(2);
}

/** A limit or budget, without decimals it does not have: 10 s, 0.5 s. */
export function limit(ms: number): string {
  return `${String(Number((ms / 1000).toFixed(2)))} s`;
}

/** How long ago something was seen. */
export function age(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s ago`;
  if (seconds < 120) return `${String(Math.floor(seconds))} s ago`;
  if (seconds < 7_200) return `${String(Math.floor(seconds / 60))} min ago`;
  return `${String(Math.floor(seconds / 3_600))} h ago`;
}

/** 18402 → 18,402, the same everywhere whatever the machine's language is. */
export function count(value: number | null): string {
  return value === null ? '–' : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 02:14:37 in UTC. */
export function utcTime(atUtcMs: number): string {
  return new Date(atUtcMs).toISOString().slice(11, 19);
}

/** 02:14:37.100 in UTC. */
export function utcTimeMs(atUtcMs: number): string {
  return new Date(atUtcMs).toISOString().slice(11, 23);
}

/** The same moment on this machine's wall, with the name of its zone. */
export function localTime(atUtcMs: number): string {
  return new Date(atUtcMs).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
}

/** 9f3c51…45e1: enough of a digest to tell two apart. */
export function shortDigest(digest: string): string {
  return digest.length <= 12 ? digest : `${digest.slice(0, 6)}…${digest.slice(-4)}`;
}

/** 1 gate, 2 gates. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
