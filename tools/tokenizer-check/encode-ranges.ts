/** Pure. The forms of the tables of code points. */

/**
 * @param codePoints ascending
 * @returns pairs `gap length` in base 36, separated by commas: the gap since the end of the last range, and the length less one
 */
export function encodeRanges(codePoints: readonly number[]): string {
  const parts: string[] = [];
  let end = 0;
  for (let index = 0; index < codePoints.length; ) {
    const from = codePoints[index] ?? 0;
    let next = index + 1;
    while (codePoints[next] === from + (next - index)) next++;
    parts.push((from - end).toString(36), (next - index - 1).toString(36));
    end = from + (next - index);
    index = next;
  }
  return parts.join(",");
}

/**
 * @param ranks of each code point, which ascend; 1 or more
 * @returns triples `gap length rank` in base 36, as above, for each range of code points with one rank
 */
export function encodeRankedRanges(ranks: ReadonlyMap<number, number>): string {
  const parts: string[] = [];
  let end = 0;
  let run: { from: number; rank: number } | null = null;
  const close = () => {
    if (run !== null) parts.push((end - run.from - 1).toString(36), run.rank.toString(36));
  };
  for (const [codePoint, rank] of ranks) {
    if (run === null || codePoint !== end || rank !== run.rank) {
      close();
      parts.push((codePoint - end).toString(36));
      run = { from: codePoint, rank };
    }
    end = codePoint + 1;
  }
  close();
  return parts.join(",");
}
