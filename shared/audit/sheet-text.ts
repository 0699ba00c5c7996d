import { oneLine } from './sheet-standing.ts';
import type { Expected, Sheet, SheetLine, SheetSection } from './sheet-parts.ts';

/** Prose lines are broken at about this many characters. */
const width = 110;

/** The sheet as text. Prose stands behind `#`, so that whole blocks may be pasted into a shell. */
export function sheetText(sheet: Sheet): string {
  const sections = sheet.sections.flatMap((section, index) => sectionText(section, index + 1));
  return `${[
    ...prose(sheetTitle(sheet)),
    ...prose(`As of ${utc(sheet.asOfUtcMs)}; written again at every step of the run.`),
    '#',
    ...prose(sheet.headline),
    '#',
    ...sheet.standing.flatMap((text) => prose(text)),
    '#',
    ...prose('WHAT MUST NEVER BE DONE'),
    ...sheet.never.flatMap((text) => prose(`- ${text}`)),
    ...sections,
  ].join('\n')}\n`;
}

/** The sheet's name. */
export function sheetTitle({ runId, plan, environment }: Sheet): string {
  return `EMERGENCY SHEET of run ${runId}, plan ${plan} (${environment})`;
}

/** A time as people write it. */
export function utc(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

function sectionText({ title, text, lines }: SheetSection, number: number): readonly string[] {
  return [
    '',
    '#',
    ...prose(`${number}. ${title.toUpperCase()}`),
    ...text.flatMap((each) => prose(each)),
    ...lines.flatMap((line, index) => lineText(line, `${number}.${index + 1}`)),
  ];
}

function lineText(line: SheetLine, number: string): readonly string[] {
  return [
    '',
    ...prose(`${number} ${line.where}: ${saysText(line)}`),
    line.command,
    ...prose(`   => ${expectedText(line.expects)}${extraText(line)}`),
  ];
}

/** What a line is for, and when it is not sent. */
export function saysText({ says, onlyOtherwise }: SheetLine): string {
  return onlyOtherwise === true ? `ONLY IF the check before it answered something else: ${says}` : says;
}

/** What a line must answer, in words. */
export function expectedText(expects: Expected): string {
  if (expects.kind === 'no-error') return 'no error';
  if (expects.kind === 'look') return expects.text;
  if (expects.kind === 'answer') return expects.text;
  return Object.entries(expects.columns)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
}

/** What else is said of the answer. */
export function extraText({ accepts, repeat, otherwise }: SheetLine): string {
  return [
    accepts === undefined ? '' : ` (error ${accepts.join(' or ')}: it was so already)`,
    repeat === true ? ' (may take some seconds: send it again)' : '',
    otherwise === undefined ? '' : `. Otherwise: ${otherwise}`,
  ].join('');
}

function prose(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of oneLine(text).split(' ')) {
    if (line.length > 1 && line.length + word.length >= width) {
      lines.push(line);
      line = '#  ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
