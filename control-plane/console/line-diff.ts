/** Two texts line by line. Pure. */

export type DiffLine =
  | { kind: "same" | "added" | "removed"; text: string }
  /** Lines that are the same on both sides and far from a change. */
  | { kind: "skipped"; lines: number };

/** Unchanged lines around a change. */
const CONTEXT_LINES = 3;
/** Larger texts are shown as removed and added whole, without looking for lines that are the same in between. */
const MAX_CELLS = 4_000_000;

/** @returns the lines of both texts in order, removed before added; empty for equal texts. The end of the last line does not count */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [left, right] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  if (head === left.length && head === right.length) return [];
  let tail = 0;
  const rest = Math.min(left.length, right.length) - head;
  while (tail < rest && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const middle = changed(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  const same = (lines: readonly string[]) => lines.map((text) => ({ kind: "same" as const, text }));
  return withoutFarLines([...same(left.slice(0, head)), ...middle, ...same(left.slice(left.length - tail))]);
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

type Line = Exclude<DiffLine, { kind: "skipped" }>;

/** By the longest common subsequence. */
function changed(left: readonly string[], right: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ kind: "removed", text });
  const added = (text: string): Line => ({ kind: "added", text });
  const width = right.length + 1;
  if ((left.length + 1) * width > MAX_CELLS) return [...left.map(removed), ...right.map(added)];
  // Of the lines from i and from j on.
  const longest = new Uint16Array((left.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      longest[i * width + j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const [old, next] = [left[i], right[j]];
    if (old !== undefined && old === next) {
      lines.push({ kind: "same", text: old });
      i++;
      j++;
    } else if (old !== undefined && (next === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(old));
      i++;
    } else {
      lines.push(added(next ?? ""));
      j++;
    }
  }
  return lines;
}

function withoutFarLines(lines: readonly Line[]): DiffLine[] {
  const near = new Set<number>();
  for (const [index, { kind }] of lines.entries()) {
    if (kind === "same") continue;
    for (let by = -CONTEXT_LINES; by <= CONTEXT_LINES; by++) near.add(index + by);
  }
  const shown: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near.has(index)) shown.push(line);
    else if (last?.kind === "skipped") last.lines += 1;
    else shown.push({ kind: "skipped", lines: 1 });
  }
  return shown;
}
