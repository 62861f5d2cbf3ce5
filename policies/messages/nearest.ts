/** Pure. The known word that a mistyped one most likely meant. */

/** Longer words are no typing mistakes of a key, and measuring them would take long. */
const WORD_MAX_LENGTH = 64;

/** Null when nothing is near: more than a third of the letters would have to change. Upper and lower case count as alike. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > WORD_MAX_LENGTH) return null;
  let best: { candidate: string; edits: number } | null = null;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const allowedEdits = Math.floor(Math.max(word.length, candidate.length) / 3);
    if (edits <= allowedEdits && (best === null || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate ?? null;
}

/** Letters inserted, dropped, changed, or swapped with their neighbour (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const changed = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + changed,
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}
