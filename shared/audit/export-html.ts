import { letsPass, type Verdict } from '../gates/gate.ts';
import { durationText } from './command-text.ts';
import { describeRecord } from './describe.ts';
import { reportStyle } from './export-html-style.ts';
import { countedOnSource } from '../steps/wording.ts';
import type { JournalRecord, MeasuredRecord } from './record.ts';
import { outcomeSentence, reportOf, type AuditReport, type ReportStep } from './report.ts';

/**
 * The report of a night as one HTML file: no script, no request, nothing outside itself, readable in twenty years and
 * on paper. Its policy forbids everything but its own style, should a text ever slip through the escaping.
 */
export function exportHtml(records: readonly JournalRecord[]): string {
  const report = reportOf(records);
  const { header } = report;
  const title =
    header === null ? 'Preparation of a cutover' : `Cutover ${header.runId} · ${header.plan.name}`;
  const parts = [
    headline(report),
    figures(report),
    residue(report),
    timeline(report),
    gates(report),
    commands(report),
    log(records),
    proof(report),
  ];
  return htmlPage(title, parts.filter((part) => part !== '').join('\n'));
}

/** One page that stands alone: its policy forbids everything but its own style. `body` is HTML, `title` is not. */
export function htmlPage(title: string, body: string, moreStyle = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${reportStyle}${moreStyle}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Makes a text safe inside elements and quoted attributes. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function utc(ms: number | null): string {
  return ms === null ? '–' : new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[], name = ''): string {
  const head = heads.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((html) => `<td>${html}</td>`).join('')}</tr>`).join('\n');
  return `<table${name === '' ? '' : ` class="${name}"`}><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function headline({ header, run, notFolded, ...report }: AuditReport): string {
  const tone = run?.outcome === 'done' ? 'good' : run?.outcome === 'needs-operator' ? 'bad' : 'plain';
  const fold =
    notFolded === null
      ? ''
      : `<p class="bad">This journal could not be folded: ${escaped(notFolded)}. Its records are below.</p>`;
  if (header === null) return fold;
  const facts: readonly (readonly [string, string])[] = [
    ['Environment', header.plan.environment],
    ['Driver', header.driver],
    ['Plan digest', header.planDigest],
    ['Program', header.program],
    ['Hold released', utc(report.releasedUtcMs)],
    ['Point of no return', report.ponrUtcMs === null ? 'not passed' : utc(report.ponrUtcMs)],
    ['First and last record', `${utc(report.firstUtcMs)} – ${utc(report.lastUtcMs)}`],
  ];
  return `<p class="outcome ${tone}"><strong>${escaped(run?.outcome ?? 'no outcome')}</strong> ${escaped(outcomeSentence(run))}</p>
${fold}
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>`;
}

function figures({ header, measured }: AuditReport): string {
  if (header === null) return '';
  if (measured === null) return '<h2>Measured from outside</h2><p>No figures were recorded.</p>';
  const { budgets } = header.plan;
  const forecast = (name: string): number | null =>
    header.forecast.find(({ chain }) => chain === name)?.freezeMs ?? null;
  const rows = measured.chains.map((chain) => [
    escaped(chain.name),
    `<b class="${within(chain.writeFreezeMs, budgets.writeFreezeMs)}">${durationText(chain.writeFreezeMs)}</b>`,
    durationText(forecast(chain.name)),
    durationText(budgets.writeFreezeMs),
    String(chain.acknowledged),
    lostCell(chain),
    String(chain.unknown),
  ]);
  const downtime = measured.userVisibleDowntimeMs;
  return `<h2>Measured from outside</h2>
<p>User-visible downtime <b class="${within(downtime, budgets.userVisibleDowntimeMs)}">${durationText(downtime)}</b> of a budget of ${durationText(budgets.userVisibleDowntimeMs)}, by the synthetic clients' own clocks. Time in which both sides of a chain acknowledged writes: <b class="${measured.overlapMs === 0 ? 'good' : 'bad'}">${durationText(measured.overlapMs)}</b>.</p>
${table(['Chain', 'Write freeze', 'Forecast', 'Budget', 'Acknowledged writes', 'Lost', 'Without answer'], rows)}`;
}

function lostCell({ lost, lostIds, notChecked, countedOn }: MeasuredRecord['chains'][number]): string {
  if (lost === null) return `<b class="bad">not checked</b><br>${escaped(notChecked ?? '')}`;
  const ids = lostIds.length > 0 ? `<br><code>${escaped(lostIds.join(' '))}</code>` : '';
  return `<b class="${lost === 0 ? 'good' : 'bad'}">${lost}</b>${ids}${countedOn === 'source' ? `<br>${escaped(countedOnSource)}` : ''}`;
}

function within(ms: number | null, budgetMs: number): string {
  if (ms === null) return 'plain';
  return ms <= budgetMs ? 'good' : 'bad';
}

function residue({ residue: seen }: AuditReport): string {
  if (seen === null) return '';
  const { goDark } = seen;
  const tone = goDark.state === 'open' ? 'good' : goDark.state === 'closed' ? 'warn' : 'bad';
  const rows = seen.places.flatMap(({ place, unknown, perMinute, quietSinceUtcMs, arrivals }) => {
    const quiet =
      unknown === null ? utc(quietSinceUtcMs) : `<span class="bad">not seen: ${escaped(unknown)}</span>`;
    const rate = perMinute === null ? '–' : String(perMinute);
    const where = [escaped(place), rate, quiet];
    if (arrivals.length === 0) return [[...where, 'nobody', '', '', '']];
    return arrivals.map(({ who, owner, mayStay, count, lastAtUtcMs }) => [
      ...where,
      escaped(who),
      `${escaped(owner ?? 'not in the plan')}${mayStay ? ', may stay' : ''}`,
      String(count),
      utc(lastAtUtcMs),
    ]);
  });
  return `<h2>Who still arrives on the source side</h2>
<p>The old side may go dark: <b class="${tone}">${goDark.state}</b>. ${escaped(goDark.reasons.join(' '))}${goDark.state === 'closed' && goDark.opensAtUtcMs !== null ? ` It opens at ${utc(goDark.opensAtUtcMs)} when nobody comes any more.` : ''} Last put together at ${utc(seen.atUtcMs)}.</p>
${table(['Place', 'New in a minute', 'Quiet since', 'Who', 'Owner', 'There', 'Last seen'], rows)}`;
}

function timeline({ steps, releasedUtcMs, ponrUtcMs }: AuditReport): string {
  const begun = steps.filter(({ startedAtMs }) => startedAtMs !== null);
  if (begun.length === 0) return '';
  // Close comes minutes or hours later: it would press the minute itself into a few pixels.
  const drawn = begun.filter(({ key }) => key !== 'close');
  const from = Math.min(...drawn.map(({ startedAtMs }) => startedAtMs ?? 0));
  const until = Math.max(...drawn.map((step) => (step.startedAtMs ?? 0) + (step.tookMs ?? 0)));
  const rows = steps.map((step) => [
    `<code>${escaped(step.key)}</code>`,
    `<span class="${toneOf(step)}">${step.state}</span>`,
    step.startedAtMs === null
      ? '–'
      : `${step.startedAtMs < 0 ? '−' : '+'}${durationText(Math.abs(step.startedAtMs))}`,
    durationText(step.tookMs),
    `<span title="${escaped(step.limitFrom)}">${durationText(step.limitMs)}</span>`,
    drawn.includes(step) ? bar(step, from, Math.max(1, until - from)) : '',
    escaped(step.text),
  ]);
  const last = steps.findIndex(({ key }) => key === 'last-look') + 1;
  const ponr = [
    '<b class="bad">point of no return</b>',
    '',
    releasedUtcMs === null || ponrUtcMs === null ? '' : `+${durationText(ponrUtcMs - releasedUtcMs)}`,
    '',
    '',
    '',
    '',
  ];
  const shown = ponrUtcMs === null || last === 0 ? rows : rows.toSpliced(last, 0, ponr);
  return `<h2>Steps</h2>
<p>Times count from the release of the hold, on the laptop's monotonic clock.</p>
${table(['Step', 'State', 'Began', 'Took', 'Limit', '', 'What it saw'], shown, 'steps')}`;
}

function bar(step: ReportStep, fromMs: number, spanMs: number): string {
  if (step.startedAtMs === null) return '';
  const x = ((step.startedAtMs - fromMs) / spanMs) * 200;
  const width = Math.max(1, ((step.tookMs ?? 0) / spanMs) * 200);
  return `<svg class="${toneOf(step)}" viewBox="0 0 201 8" width="201" height="8" aria-hidden="true"><rect x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="8"/></svg>`;
}

function toneOf({ state }: ReportStep): string {
  if (state === 'done') return 'good';
  if (state === 'failed') return 'bad';
  return state === 'undone' ? 'warn' : 'plain';
}

function gates({ header }: AuditReport): string {
  if (header === null || header.verdicts.length === 0) return '';
  const shut = header.verdicts.filter(({ state }) => state !== 'open');
  return `<h2>Gates at go</h2>
<p>${header.verdicts.length - shut.length} of ${header.verdicts.length} gates were open.</p>
${header.verdicts.map(gate).join('\n')}`;
}

function gate(verdict: Verdict): string {
  const tone = verdict.state === 'open' ? 'good' : letsPass(verdict) ? 'warn' : 'bad';
  const { override, evidence } = verdict;
  const overridden =
    override === null
      ? ''
      : `<p class="warn">Overridden by ${escaped(override.who)} at ${utc(override.atUtcMs)}: ${escaped(override.reason)}</p>`;
  const reasons = verdict.reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('');
  const shown =
    evidence === null
      ? ''
      : table(
          evidence.columns,
          evidence.rows.map((row) => row.map(escaped)),
        );
  const fix = verdict.fix === null ? '' : `<p>Opened by: <code>${escaped(verdict.fix)}</code></p>`;
  return `<details${verdict.state === 'open' ? '' : ' open'}><summary><span class="${tone}">${verdict.state}</span> ${escaped(verdict.title)} <small>${escaped(verdict.gate)}${verdict.guards.length > 0 ? `, guards ${verdict.guards.join(' ')}` : ''}, seen ${utc(verdict.takenAt)}</small></summary>
${overridden}<ul>${reasons}</ul>${shown}${fix}</details>`;
}

function commands({ commands: all }: AuditReport): string {
  if (all.length === 0) return '';
  const rows = all.map((command) => [
    `+${durationText(Math.max(0, command.issuedAtMs))}`,
    `<code>${escaped(command.step)}</code>`,
    escaped(command.place),
    command.lines
      .map((line) => `<code class="${command.effect ? 'effect' : ''}">${escaped(line)}</code>`)
      .join('<br>'),
    `<span class="${command.good ? 'plain' : 'warn'}">${escaped(command.answer)}</span>`,
  ]);
  return `<h2>Commands</h2>
<p>Everything that was sent, with its answer. <code class="effect">Marked</code> commands change something; the others only look.</p>
<details><summary>${all.length} commands</summary>
${table(['At', 'Step', 'Where', 'Statement or command line', 'Answer'], rows, 'commands')}</details>`;
}

function log(records: readonly JournalRecord[]): string {
  const rows = records.flatMap((record) => {
    const text = describeRecord(record);
    return text === ''
      ? []
      : [
          [
            String(record.seq),
            utc(record.at.utcMs),
            escaped(text),
            `<code>${record.hash.slice(0, 16)}</code>`,
          ],
        ];
  });
  return `<h2>Record by record</h2>
${table(['#', 'Time', 'What happened', 'Hash'], rows, 'log')}`;
}

function proof({ count, head }: AuditReport): string {
  return `<h2>Proof</h2>
<p>The journal behind this report has ${count} records, chained by SHA-256. Its head is</p>
<p><code class="head">${escaped(head)}</code></p>
<p>Check it with <code>cockpit audit verify journal.jsonl</code>: the head it prints must be this one, or this one's record must be in it unchanged.</p>`;
}
