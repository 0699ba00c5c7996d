/** A place in the plan file; both count from 1, as editors do. */
export type Position = { readonly line: number; readonly column: number };

/** One thing that is wrong: what is wrong and what was expected, in one sentence. */
export type Mistake = Position & { readonly message: string };

/** A mistake of a plan file. */
export type PlanMistake = Mistake & { readonly file: string };

/** More than this is never shown: the first ones explain the rest. */
const mistakesShown = 200;

/** Writes a mistake as compilers do, so that editors and terminals can jump to it. */
export function formatMistake(mistake: PlanMistake): string {
  return `${mistake.file}:${mistake.line}:${mistake.column}: ${mistake.message}`;
}

/** Sorts mistakes by place, says each once, and bounds their number. */
export function orderMistakes(mistakes: readonly Mistake[]): readonly Mistake[] {
  const byText = new Map(
    mistakes.map((mistake) => [`${mistake.line}:${mistake.column}:${mistake.message}`, mistake]),
  );
  const sorted = [...byText.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  if (sorted.length <= mistakesShown) return sorted;
  const last = sorted[mistakesShown] ?? { line: 1, column: 1 };
  const rest = sorted.length - mistakesShown;
  return [
    ...sorted.slice(0, mistakesShown),
    { line: last.line, column: last.column, message: `${rest} more mistakes from here on, expected none` },
  ];
}

/** Answers the name that was probably meant, or null when none is near enough or several are equally near. */
export function nearestName(written: string, names: readonly string[]): string | null {
  if (written.length > 80) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  let tied = false;
  for (const name of new Set(names)) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance === bestDistance) tied = true;
    if (distance < bestDistance) [best, bestDistance, tied] = [name, distance, false];
  }
  return tied ? null : best;
}

/** Letters to change, add, leave out or swap with their neighbour. */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + same,
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[to.length] ?? 0;
}

/** Names for a message: the first ones, and how many more. */
export function namesOf(names: readonly string[]): string {
  if (names.length === 0) return '(none is declared)';
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
