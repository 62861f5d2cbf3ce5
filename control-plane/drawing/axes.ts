/** The area of a plot, and its axes with ticks. Pure. */
import { type ScaleContinuousNumeric, scaleLog } from "d3-scale";
import { type Box, label, path } from "./svg.ts";

export type Scale = ScaleContinuousNumeric<number, number>;

export interface Axis {
  scale: Scale;
  ticks: readonly number[];
  write: (value: number) => string;
  /** At the end of a horizontal axis. */
  unit?: string;
}

/** Horizontal lines at the ticks, with their values left of the plot. */
export function verticalAxis({ x, width }: Box, { scale, ticks, write }: Axis): string {
  return ticks
    .map((value) => {
      const y = scale(value);
      return (
        path(`M${round(x)} ${round(y)}H${round(x + width)}`, "grid") +
        label(x - 8, y + 4, write(value), { anchor: "end" })
      );
    })
    .join("");
}

/** Values under the plot, and a thin line at each. */
export function horizontalAxis({ x, y, width, height }: Box, { scale, ticks, write, unit = "" }: Axis): string {
  const drawn = ticks.map((value) => {
    const at = scale(value);
    const line = path(`M${round(at)} ${round(y)}V${round(y + height)}`, "grid");
    return line + label(at, y + height + 18, write(value), { anchor: "middle" });
  });
  return drawn.join("") + (unit === "" ? "" : label(x + width / 2, y + height + 36, unit, { anchor: "middle" }));
}

const STEPS = [1, 2, 5];
/** As wide as "500 ms" with a gap. */
const MIN_TICK_PX = 56;
/** From 1 to 2, and from 5 to 10, as a part of a decade. */
const SHORTEST_STEP = Math.log10(2);

/** A logarithmic scale that begins and ends at 1, 2 or 5 times a power of ten, with as many such ticks as the width has space for. */
export function logAxis(
  low: number,
  high: number,
  range: readonly [number, number],
): { scale: Scale; ticks: number[] } {
  const all = stepsAround(low, high);
  const domain = [all[0] ?? 1, all.at(-1) ?? 10] as const;
  const pxPerDecade = Math.abs(range[1] - range[0]) / Math.log10(domain[1] / domain[0]);
  const every = Math.ceil(MIN_TICK_PX / pxPerDecade);
  const ticks =
    pxPerDecade * SHORTEST_STEP >= MIN_TICK_PX
      ? all
      : all.filter((value) => mantissaOf(value) === 1 && Math.round(Math.log10(value)) % every === 0);
  return { scale: scaleLog(domain, range), ticks: ticks.length < 2 ? [domain[0], domain[1]] : ticks };
}

function stepsAround(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 2 }, (_, index) => first + index);
  const all = decades.flatMap((decade) => STEPS.map((step) => step * 10 ** decade));
  const from = all.findLastIndex((value) => value <= low * 1.000_001);
  const to = all.findIndex((value) => value >= high * 0.999_999);
  return all.slice(Math.max(0, from), to + 1);
}

function mantissaOf(value: number): number {
  return Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
