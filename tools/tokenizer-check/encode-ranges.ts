/** Pure. */

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
