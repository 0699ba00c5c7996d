// Plays nights with a defect put into the product on purpose, one after the other, and prints which rule each one broke:
// one line of JSON a mutation. A program of its own, because it loads its own copies of the product's files.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seedsAimedAt } from './cells.ts';
import type { drawNight as drawSound } from './draw-night.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { playNight as playSound } from './play-night.ts';

const root = join(import.meta.dirname, '../..');
/** Nights that are tried before a defect counts as not caught. */
const mostNights = 60;

/** Every file of the repository that a copy of the product imports carries the copy's number on, so each has its own. */
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const mark = new URL(context.parentURL ?? import.meta.url).searchParams.get('mutation');
    if (mark === null || !resolved.url.startsWith('file:') || resolved.url.includes('/node_modules/'))
      return resolved;
    const url = new URL(resolved.url);
    url.searchParams.set('mutation', mark);
    return { ...resolved, url: url.href };
  },
  load: (address, context, next) => {
    const url = new URL(address);
    const mark = url.searchParams.get('mutation');
    if (mark === null) return next(address, context);
    return {
      format: 'module',
      shortCircuit: true,
      source: mutated(fileURLToPath(url), mutations[Number(mark)]),
    };
  },
});

const stripped = new Map<string, string>();

function mutated(file: string, mutation: Mutation | undefined): string {
  const edits = mutation?.edits.filter((edit) => join(root, edit.file) === file) ?? [];
  if (edits.length === 0) {
    const text = stripped.get(file) ?? stripTypeScriptTypes(readFileSync(file, 'utf8'));
    stripped.set(file, text);
    return text;
  }
  let text = readFileSync(file, 'utf8');
  for (const { from, to } of edits) {
    if (text.split(from).length !== 2)
      throw new Error(
        `${mutation?.name ?? ''}: ${file} has "${from}" ${text.split(from).length - 1} times; expected once`,
      );
    text = text.replace(from, () => to);
  }
  return stripTypeScriptTypes(text);
}

type Nights = {
  readonly drawNight: typeof drawSound;
  readonly playNight: typeof playSound;
};

async function copyOf(number: number): Promise<Nights> {
  const draw = (await import(`./draw-night.ts?mutation=${number}`)) as Pick<Nights, 'drawNight'>;
  const play = (await import(`./play-night.ts?mutation=${number}`)) as Pick<Nights, 'playNight'>;
  return { drawNight: draw.drawNight, playNight: play.playNight };
}

/** Seeds that may show a defect: those aimed at its cell, or simply the first ones. */
function seedsFor({ aimedAt, from = 1, every = 1 }: Mutation): readonly number[] {
  if (aimedAt === undefined) return Array.from({ length: mostNights }, (_, index) => from + every * index);
  return seedsAimedAt(aimedAt, mostNights, from);
}

/** Caught: a rule breaks in a night in which the product as it is breaks none. */
async function hunt(number: number, mutation: Mutation): Promise<void> {
  const { drawNight, playNight } = await copyOf(number);
  const { name, faults, breaks, night = (drawn) => drawn } = mutation;
  for (const [tried, seed] of seedsFor(mutation).entries()) {
    const script = night(drawNight(seed, 'safety', faults));
    if (script === null) continue;
    const { violations } = await playNight(script);
    const violation = violations.find(({ rule }) => breaks === undefined || rule === breaks);
    if (violation === undefined || (await playSound(script)).violations.length > 0) continue;
    console.log(JSON.stringify({ name, caught: true, nights: tried + 1, seed, violation }));
    return;
  }
  console.log(JSON.stringify({ name, caught: false }));
}

const only = process.argv[2];
for (const [number, mutation] of mutations.entries())
  if (only === undefined || mutation.name === only) await hunt(number, mutation);
