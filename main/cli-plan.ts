import { planJsonSchema } from '../shared/plan/json-schema.ts';
import { letsPass } from '../shared/gates/gate.ts';
import type { Verdict } from '../shared/gates/gate.ts';
import { composeCockpit, loadPlan } from './compose.ts';
import { settle } from './cli-settle.ts';

/** `schema`: prints the JSON Schema of the plan file. */
export function schema(): number {
  process.stdout.write(`${JSON.stringify(planJsonSchema(), null, 2)}\n`);
  return 0;
}

/** `check PLAN`: every mistake at once, one a line; exit 1 when there is one. */
export function check(file: string, told: NodeJS.WritableStream = process.stdout): number {
  const loaded = loadPlan(file);
  if (!loaded.ok) {
    for (const mistake of loaded.error) process.stderr.write(`${mistake}\n`);
    return 1;
  }
  told.write(
    `${file}: a good plan (${loaded.value.plan.environment}, ${loaded.value.plan.chains.length} chains), digest ${loaded.value.digest}\n`,
  );
  return 0;
}

/** `preflight PLAN`: judges every gate once. Exit 0: nothing blocks; 2: something does; 1: unusable. */
export async function preflight(file: string, options: { readonly json: boolean }): Promise<number> {
  if (check(file, process.stderr) !== 0) return 1;
  const composed = await composeCockpit(file);
  if (!composed.ok) {
    process.stderr.write(`${composed.error}\n`);
    return 1;
  }
  const { cockpit, stop } = composed.value;
  await settle(cockpit);
  const verdicts = cockpit.verdicts('preflight');
  const blocking = verdicts.filter((verdict) => !letsPass(verdict));
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ plan: cockpit.parts.plan.name, digest: cockpit.parts.planDigest, open: blocking.length === 0, verdicts })}\n`,
    );
  else process.stdout.write(`${verdicts.map(verdictText).join('')}\n${conclusion(verdicts)}\n`);
  await stop();
  return blocking.length === 0 ? 0 : 2;
}

/** The last lines: whether anything blocks, and what, by name; nobody finds that among a hundred open gates. */
export function conclusion(verdicts: readonly Verdict[]): string {
  const blocking = verdicts.filter((verdict) => !letsPass(verdict));
  const others = verdicts.filter((verdict) => verdict.state !== 'open' && letsPass(verdict)).length;
  const besides =
    others === 0
      ? ''
      : ` ${others} more ${others === 1 ? 'is' : 'are'} not open and ${others === 1 ? 'does' : 'do'} not block.`;
  if (blocking.length === 0) return `Nothing blocks: ${verdicts.length} gates were judged.${besides}`;
  return `${blocking.length} of ${verdicts.length} gates block:${blocking.map(({ state, title }) => `\n  ${state.padEnd(7)} ${title}`).join('')}\nThe reasons and what opens them stand above.${besides}`;
}

function verdictText(verdict: Verdict): string {
  const mark = verdict.state === 'open' ? '✓' : verdict.state === 'closed' ? '✕' : '?';
  const head = `${mark} ${verdict.state.padEnd(7)} ${verdict.title}${verdict.blocking ? '' : ' (does not block)'}\n`;
  if (verdict.state === 'open') return head;
  const fix =
    verdict.fix === null ? '' : `            fix: ${verdict.fix.replaceAll('\n', '\n                 ')}\n`;
  return `${head}${verdict.reasons.map((reason) => `            ${reason}\n`).join('')}${fix}`;
}
