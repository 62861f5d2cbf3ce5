/** Pure. P50, P95 and P99 of several groups on one logarithmic axis, in characters. */
import { logAxis } from "../../../control-plane/drawing/axes.ts";
import type { TextFigures } from "../../../control-plane/report/text-figures.ts";
import type { Paint } from "../terminal/colors.ts";

const INDENT = "  ";
/** A character is about as wide as this many pixels of a picture, for the number of ticks. */
const CHARACTER_PX = 8;
const COLOURS = { inside: "blue", outside: "yellow", ineligible: "dim" } as const;

export interface TimeStrip {
  name: string;
  colour: Parameters<Paint>[0];
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** One strip per arm. No lines without texts. */
export function timeStrips(arms: Record<keyof typeof COLOURS, TextFigures>, width: number, paint: Paint): string[] {
  const timed = (["inside", "outside", "ineligible"] as const).flatMap((arm) => {
    const { p50Ms, p95Ms, p99Ms } = arms[arm];
    if (p50Ms === null || p95Ms === null || p99Ms === null) return [];
    return [{ name: arm, colour: COLOURS[arm], p50Ms, p95Ms, p99Ms }];
  });
  return stripLines(timed, width, paint);
}

/** No lines without strips. */
export function stripLines(timed: readonly TimeStrip[], width: number, paint: Paint): string[] {
  if (timed.length === 0) return [];
  const nameWidth = Math.max(...timed.map(({ name }) => name.length)) + 2;
  const space = width - INDENT.length - nameWidth - 1;
  const low = Math.min(...timed.map(({ p50Ms }) => p50Ms));
  const high = Math.max(...timed.map(({ p99Ms }) => p99Ms));
  const { scale, ticks } = logAxis(low, high, [0, (space - 1) * CHARACTER_PX]);
  const at = (ms: number) => Math.min(space - 1, Math.max(0, Math.round(scale(ms) / CHARACTER_PX)));
  const rows = timed.map(({ name, colour, p50Ms, p95Ms, p99Ms }) => {
    const [p50, p95, p99] = [at(p50Ms), at(p95Ms), at(p99Ms)];
    const strip = Array.from({ length: space }, (_, x) => {
      if (x === p50) return "●";
      if (x === p95) return "◆";
      if (x === p99) return "┤";
      return x > p50 && x < p95 ? "━" : x > p95 && x < p99 ? "─" : " ";
    });
    return `${INDENT}${name.padEnd(nameWidth)}${paint(colour, strip.join("").trimEnd())}`;
  });
  return [`${INDENT}${paint("dim", `${"● ◆ ┤".padEnd(nameWidth)}${axisLine(ticks, at, space)}`)}`, ...rows, ""];
}

/** Names of ticks where they have space, the first one first. */
function axisLine(ticks: readonly number[], at: (ms: number) => number, space: number): string {
  let line = "";
  for (const tick of ticks) {
    const name = tick < 1000 ? `${tick} ms` : `${tick / 1000} s`;
    const start = Math.min(space - name.length, at(tick));
    if (start < line.length + (line === "" ? 0 : 2)) continue;
    line = line.padEnd(start) + name;
  }
  return line;
}
