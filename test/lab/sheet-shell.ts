import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Sheet, SheetLine } from '../../shared/audit/sheet-parts.ts';
import { saysText } from '../../shared/audit/sheet-text.ts';
import { pause } from './processes.ts';

/** A person at a shell who follows an emergency sheet to the letter: pastes a line, reads the answer, goes on or stops. */

/** What the person knows that the sheet does not say. */
export type Person = {
  /** Lines that a person changes before pasting them, by how they begin. */
  readonly own: Readonly<Record<string, string>>;
  /** What is typed when a line asks for it, by the name of the shell's variable. */
  readonly types: Readonly<Record<string, string>>;
  readonly directory: string;
};

const lineLimitMs = 60_000;
const tries = 40;
const tryAgainMs = 250;

/** Follows every line in order; answers what was sent with its answer. Throws at the first unexpected one, as a person stops. */
export async function followSheet(sheet: Sheet, person: Person): Promise<readonly string[]> {
  const shell = openShell(person.directory);
  const told: string[] = [];
  try {
    let asExpected = true;
    for (const line of sheet.sections.flatMap(({ lines }) => lines)) {
      if (line.onlyOtherwise === true && asExpected) continue;
      const answered = await sent(shell, line, person);
      told.push(`${line.where}: ${saysText(line)}\n${line.command}\n${answered.output}`);
      if (line.onlyOtherwise === true) {
        if (!answered.good) throw new Error(told.slice(-3).join('\n\n'));
        continue;
      }
      asExpected = answered.good;
      // The sheet says itself where an answer may be another one and a line follows for that.
      if (
        !asExpected &&
        !/^(Send the next line|read_only: 1, and|Go on|It is closed)/.test(line.otherwise ?? '')
      )
        throw new Error(told.slice(-3).join('\n\n'));
    }
    return told;
  } finally {
    shell.end();
  }
}

type Answered = { readonly good: boolean; readonly output: string };

async function sent(shell: Shell, line: SheetLine, { own, types }: Person): Promise<Answered> {
  const [, changed] = Object.entries(own).find(([begins]) => line.command.startsWith(begins)) ?? [];
  const asked = /read -r ([A-Z_]+)/.exec(line.command)?.[1];
  const typed = asked === undefined ? [] : [types[asked] ?? ''];
  for (let attempt = 1; ; attempt += 1) {
    const { code, output } = await shell.paste(changed ?? line.command, typed);
    const good = isExpected(line, code, output);
    if (good || line.repeat !== true || attempt === tries)
      return { good, output: `${output}\n(status ${code})` };
    await pause(tryAgainMs);
  }
}

function isExpected({ expects, accepts = [] }: SheetLine, code: number, output: string): boolean {
  if (accepts.some((error) => output.includes(`ERROR ${error} `))) return true;
  // grep ends with status 1 when it counts none: there the answer alone is looked at.
  if (expects.kind === 'answer') return output.trim().split('\n').at(-1) === expects.text;
  if (code !== 0) return false;
  if (expects.kind !== 'columns') return true;
  const rows = output.split('\n').map((row) => row.trim());
  return Object.entries(expects.columns).every(([name, value]) => rows.includes(`${name}: ${value}`));
}

type Shell = {
  readonly paste: (
    line: string,
    typed: readonly string[],
  ) => Promise<{ readonly code: number; readonly output: string }>;
  readonly end: () => void;
};

/** One shell for the whole sheet: its lines come by standard input, so that whoever reads too much of it is found out. */
function openShell(directory: string): Shell {
  const shell = spawn('/bin/sh', [], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
  let seen = '';
  const hear = (text: string): void => void (seen += text);
  shell.stdout.setEncoding('utf8').on('data', hear);
  shell.stderr.setEncoding('utf8').on('data', hear);
  return {
    paste: async (line, typed) => {
      const mark = randomUUID();
      seen = '';
      const end = performance.now() + lineLimitMs;
      const after = [...typed, `printf '\\n%s %s\\n' ${mark} "$?"`, ''];
      shell.stdin.write(`${line}\n`);
      // Typed when it is asked for, as by a person: some shells take all that is there already for lines of their own.
      while (typed.length > 0 && seen === '' && performance.now() < end) await pause(10);
      shell.stdin.write(after.join('\n'));
      for (;;) {
        const found = new RegExp(`\\n${mark} (\\d+)\\n`).exec(seen);
        if (found !== null) return { code: Number(found[1]), output: seen.slice(0, found.index) };
        if (performance.now() > end || shell.exitCode !== null)
          throw new Error(`no end of: ${line}\n${seen.slice(-2_000)}`);
        await pause(10);
      }
    },
    end: () => void shell.stdin.end(),
  };
}
