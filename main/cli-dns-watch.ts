import type { DnsRowView, DnsToldView, DnsView } from '../shared/contract/dns-view.ts';
import { composeDnsWatch } from './compose-dns-watch.ts';

const lookPeriodMs = 500;
const summaryPeriodMs = 10_000;

type Options = {
  readonly json: boolean;
  /** Seconds after which it ends in any case; null: only when everything has turned, or by Ctrl-C. */
  readonly forSeconds: number | null;
};

/**
 * `dns watch PLAN`: a line for each row whenever its answer turns, a summary in between, and all rows at the end. With
 * `--json` one object a line whenever something turned, and the last one in any case. Exit 0: all answer the target; 2: not
 * all do; 1: it cannot be watched.
 */
export async function dnsWatch(file: string, options: Options): Promise<number> {
  const composed = await composeDnsWatch(file);
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    return 1;
  }
  const { view, stop } = composed.value;
  const told = new Map<string, string>();
  let summaryAt = 0;
  const tell = (last: boolean): DnsView => {
    const now = view();
    const turned = now.rows.filter(({ row, side }) => side !== 'waiting' && told.get(row) !== side);
    for (const { row, side } of turned) told.set(row, side);
    if (options.json) {
      if (turned.length > 0 || last) process.stdout.write(`${JSON.stringify(now)}\n`);
      return now;
    }
    for (const row of last ? now.rows : turned) process.stdout.write(`${rowLine(row, now.atUtcMs)}\n`);
    if (last || now.atUtcMs - summaryAt >= summaryPeriodMs) {
      summaryAt = now.atUtcMs;
      process.stdout.write(summaryLines(now, last));
    }
    return now;
  };
  await untilOver(() => allTurned(tell(false)), options.forSeconds);
  const turned = allTurned(tell(true));
  await stop();
  return turned ? 0 : 2;
}

/** Looks until it is over, the time is up, or somebody presses Ctrl-C. */
function untilOver(over: () => boolean, forSeconds: number | null): Promise<void> {
  return new Promise((ended) => {
    const end = (): void => {
      clearInterval(look);
      clearTimeout(limit);
      process.off('SIGINT', end).off('SIGTERM', end);
      ended();
    };
    const look = setInterval(() => {
      if (over()) end();
    }, lookPeriodMs);
    const limit = forSeconds === null ? undefined : setTimeout(end, forSeconds * 1_000);
    process.on('SIGINT', end).on('SIGTERM', end);
  });
}

function allTurned({ rows, zones }: DnsView): boolean {
  const looked = zones.every(({ servers }) => servers !== null);
  return looked && rows.length > 0 && rows.every(({ side }) => side === 'target');
}

function toldLine({
  question,
  users,
  region,
  side,
  values,
  expectedSource,
  expectedTarget,
  why,
}: DnsToldView): string {
  const who = users ?? region;
  const said = values.length === 0 ? why : `${values.join(', ')} (${side})`;
  return `   Route 53 itself would answer ${question}${who === null ? '' : ` for ${who}`}: ${said}; the plan: source ${expectedSource.join(', ')}, target ${expectedTarget.join(', ')}`;
}

const marks = { target: '✓', source: '●', other: '?', error: '✕', waiting: '…' } as const;

function rowLine(row: DnsRowView, now: number): string {
  const left =
    row.ttlSeconds === null || row.seenAtUtcMs === null
      ? null
      : row.ttlSeconds - Math.floor((now - row.seenAtUtcMs) / 1_000);
  const parts = [
    new Date(row.seenAtUtcMs ?? now).toISOString().slice(11, 19),
    `${marks[row.side]} ${row.side.padEnd(7)}`,
    `${row.server} ${row.question}${row.users === null ? '' : ` for ${row.users}`}`,
    row.values.join(', '),
    left === null ? '' : `${Math.max(0, left)} s left`,
    row.turnedAtUtcMs === null ? '' : `turned ${new Date(row.turnedAtUtcMs).toISOString().slice(11, 19)}`,
    row.answer === 'as-planned' ? '' : row.why,
    row.ignoresTtl ?? '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function summaryLines(
  { share, zones, eta, lingering, lingeringMore, pace, regions, atUtcMs, told }: DnsView,
  last: boolean,
): string {
  const sum = share.target + share.source + share.other + share.error;
  const percent = (of: number, all: number): string =>
    all === 0 ? '–' : `${Math.round((100 * of) / all)} %`;
  const where = regions.map(
    ({ region, share: part }) =>
      `${region} ${percent(part.target, part.target + part.source + part.other + part.error)}`,
  );
  const lines = [
    `-- ${percent(share.target, sum)} on the target (${share.target} of ${sum}; source ${share.source}, other ${share.other}, errors ${share.error})${where.length === 0 ? '' : ` · ${where.join(', ')}`}`,
    `   ${etaText(eta, atUtcMs)} · ${pace}`,
    ...told.filter(({ side }) => last || side === 'other' || side === 'error').map(toldLine),
    ...zones.flatMap(({ notes }) => notes.map((note) => `   note: ${note}`)),
    ...zones.flatMap(({ servers }) =>
      (servers ?? [])
        .filter(({ standing }) => standing !== 'holds')
        .map(({ server, standing, why }) => `   ${server} is ${standing}: ${why}`),
    ),
  ];
  const who = lingering.slice(0, last ? lingering.length : 3).map(({ label, why }) => `   ${label}: ${why}`);
  const more = lingering.length - who.length + lingeringMore;
  return `${[...lines, ...who, ...(more > 0 ? [`   and ${more} more that are not on the target`] : [])].join('\n')}\n`;
}

function etaText(eta: DnsView['eta'], now: number): string {
  if (eta.kind === 'done') return 'all have turned';
  if (eta.kind === 'unknown') return `no end can be named: ${eta.why}`;
  const without = eta.without === 0 ? '' : `, not counting ${eta.without} that promise nothing`;
  return `all turned at the latest ${new Date(eta.atUtcMs).toISOString().slice(11, 19)} UTC (in ${Math.max(0, Math.ceil((eta.atUtcMs - now) / 1_000))} s)${without}`;
}
