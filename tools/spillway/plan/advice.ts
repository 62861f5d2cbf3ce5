/** Whether to move, from bills and P95, and what each comparison hangs on. Pure. */
import type { Figures } from "./figures.ts";

/** Whether Spillway at 100 % is below every Lambda option: in the bill and in P95, in one of them, or in none. */
export type Verdict = "move" | "faster" | "cheaper" | "stay";

/** Figures by the id of their option. */
export type ByOption = ReadonlyMap<string, Figures>;

export type Compared = "billUsd" | "p95Ms";

const SPILLWAY = "spillway-100";

/** The option of Lambda that is lowest in a figure. */
export function bestLambda(options: ByOption, name: Compared): { id: string; value: number } {
  const all = [...options].filter(([id]) => id.startsWith("lambda-"));
  const [first, ...rest] = all.map(([id, figures]) => ({ id, value: figures[name] }));
  if (first === undefined) throw new RangeError("a plan has options of Lambda");
  return rest.reduce((best, one) => (one.value < best.value ? one : best), first);
}

/** Below 0 where Spillway at 100 % is lower: the logarithm of the ratio, so that both directions count alike. */
export function distance(options: ByOption, name: Compared): number {
  const spillway = options.get(SPILLWAY)?.[name] ?? Number.NaN;
  return Math.log(Math.max(spillway, 1e-9) / Math.max(bestLambda(options, name).value, 1e-9));
}

export function verdictOf(options: ByOption): Verdict {
  const isCheaper = distance(options, "billUsd") < 0;
  const isFaster = distance(options, "p95Ms") < 0;
  if (isCheaper) return isFaster ? "move" : "cheaper";
  return isFaster ? "faster" : "stay";
}
