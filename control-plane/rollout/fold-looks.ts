/** Looks one after another with the same verdict on the same step, as one row. Pure. */
import type { Look } from "./types.ts";

export interface LookGroup<One> {
  first: One;
  last: One;
  /** In their order, both included. */
  looks: readonly One[];
}

/**
 * @param looks in ascending order
 * @param breaksMs times that end a group: what else happened, in a list that shows both
 */
export function foldLooks<One extends Folded>(
  looks: readonly One[],
  breaksMs: readonly number[] = [],
): LookGroup<One>[] {
  const groups: { first: One; last: One; looks: One[] }[] = [];
  for (const look of looks) {
    const group = groups.at(-1);
    if (group !== undefined && isRepeated(group.last, look, breaksMs)) {
      group.last = look;
      group.looks.push(look);
    } else groups.push({ first: look, last: look, looks: [look] });
  }
  return groups;
}

type Folded = Pick<Look, "atMs" | "step" | "verdict">;

function isRepeated(before: Folded, look: Folded, breaksMs: readonly number[]): boolean {
  const isSame = before.verdict === look.verdict && before.step === look.step;
  return isSame && !breaksMs.some((ms) => ms > before.atMs && ms <= look.atMs);
}

/** "2026-11-26 10:00", or with an end "2026-11-26 10:00 to 10:28", in UTC; the end has its date where it is another one. */
export function timesOf({ first, last }: Pick<LookGroup<Pick<Look, "atMs">>, "first" | "last">): string {
  const [from, to] = [first, last].map(({ atMs }) => new Date(atMs).toISOString().slice(0, 16).replace("T", " "));
  if (from === undefined || to === undefined || from === to) return from ?? "";
  return from.slice(0, 10) === to.slice(0, 10) ? `${from} to ${to.slice(11)}` : `${from} to ${to}`;
}
