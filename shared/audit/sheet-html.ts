import { escaped, htmlPage } from './export-html.ts';
import { expectedText, extraText, saysText, sheetTitle, utc } from './sheet-text.ts';
import type { Sheet, SheetLine, SheetSection } from './sheet-parts.ts';

/** A command is one line that scrolls: a break in it would be read as one by whoever types it off. */
const sheetStyle = `
pre { margin: 2px 0; padding: 6px 10px; border: 1px solid var(--line); overflow-x: auto } pre code { overflow-wrap: normal }
h2 { border-top: 2px solid var(--line); padding-top: 12px } ol.lines > li { margin: 0 0 14px } .expects { font-weight: 600 }
@media print { pre { white-space: pre-wrap; overflow-wrap: anywhere } }
`;

/** The sheet as one HTML file: no script, no request, nothing outside itself, and it prints. */
export function sheetHtml(sheet: Sheet): string {
  const tone = sheet.direction === 'nothing' ? 'plain' : 'bad';
  const body = `<p><small>As of ${escaped(utc(sheet.asOfUtcMs))}; written again at every step of the run.</small></p>
<p class="outcome ${tone}"><strong>${escaped(sheet.headline)}</strong></p>
${sheet.standing.map((text) => `<p>${escaped(text)}</p>`).join('\n')}
<h2>What must never be done</h2>
<ul>${sheet.never.map((text) => `<li class="bad">${escaped(text)}</li>`).join('')}</ul>
${sheet.sections.map((section, index) => sectionHtml(section, index + 1)).join('\n')}`;
  return htmlPage(sheetTitle(sheet), body, sheetStyle);
}

function sectionHtml({ title, text, lines }: SheetSection, number: number): string {
  return `<section><h2>${number}. ${escaped(title)}</h2>
${text.map((each) => `<p>${escaped(each)}</p>`).join('\n')}
<ol class="lines">
${lines.map(lineHtml).join('\n')}
</ol></section>`;
}

function lineHtml(line: SheetLine): string {
  return `<li><b>${escaped(line.where)}</b>: ${escaped(saysText(line))}
<pre><code>${escaped(line.command)}</code></pre>
<span class="expects">⇒ ${escaped(expectedText(line.expects))}</span>${escaped(extraText(line))}</li>`;
}
