/** The two charts of the bench `spike` as an SVG that can be read on light and dark pages. Pure; every number comes from the simulation. */
import { scaleLinear, scaleLog } from "d3-scale";
import { z } from "zod";
import type { Scale } from "../../../control-plane/drawing/axes.ts";
import { type Line, lineChart } from "../../../control-plane/drawing/line-chart.ts";
import { PICTURE_STYLE, type Tone } from "../../../control-plane/drawing/style.ts";
import { type Box, label, path, picture } from "../../../control-plane/drawing/svg.ts";
import { POLICY_NAMES, type PolicyName } from "./policies.ts";

/** The part of `npm run bench -- spike --json` that the picture needs. */
export const pictureSchema = z.object({
  bench: z.literal("spike"),
  model: z.string(),
  seconds: z.number(),
  spikes: z.number(),
  maxQueueMs: z.number(),
  saturationPerSecond: z.number(),
  rows: z
    .array(
      z.object({
        /** The policy. */
        way: z.enum(POLICY_NAMES),
        ratePerSecond: z.number(),
        edgeWaitMs: z.object({ p95: z.number() }),
        originPercent: z.object({ total: z.number() }),
      }),
    )
    .min(1),
});
export type PictureData = z.infer<typeof pictureSchema>;

/** The policies that are drawn. The line of a budget of 800 ms would cover the line without a budget. */
export const DRAWN = ["plain", "adaptive", "adaptive-budget-200"] as const satisfies readonly PolicyName[];
type Drawn = (typeof DRAWN)[number];

const WIDTH = 1000;
/** Shorter waits are drawn at this value: callers do not notice them. */
const SHORTEST_MS = 10;
const TOP = 104;
const PLOT = { y: TOP, width: 300, height: 260 };
const BOTTOM = TOP + PLOT.height;
const HEIGHT = BOTTOM + 62;
const RATE_TICKS = [1, 20, 40, 60, 80, 100];
const MAX_RATE = 100;
const NAMES: Record<Drawn, string> = {
  plain: "plain",
  adaptive: "adaptive",
  "adaptive-budget-200": "budget 200 ms",
};
const TONES: Record<Drawn, Tone> = { plain: "orange", adaptive: "blue", "adaptive-budget-200": "green" };
const STYLE = `${PICTURE_STYLE} .level { stroke: #9a6cd8; stroke-width: 1.5; stroke-dasharray: 6 4 }`;

/** @returns the SVG @throws RangeError if the data has no row of a policy that is drawn */
export function spikePicture(data: PictureData): string {
  const { model, seconds, spikes, maxQueueMs, saturationPerSecond } = data;
  const waits = linesOf(data, ({ edgeWaitMs }) => Math.max(SHORTEST_MS, edgeWaitMs.p95), waitText);
  const decades = Math.ceil(Math.log10(longest(waits) / SHORTEST_MS));
  const wait: Chart = {
    title: "Wait for the edge, P95 (log scale)",
    plot: { ...PLOT, x: 76 },
    lines: waits,
    scale: scaleLog([SHORTEST_MS, SHORTEST_MS * 10 ** decades], [BOTTOM, TOP]),
    ticks: Array.from({ length: decades + 1 }, (_, decade) => SHORTEST_MS * 10 ** decade),
    write: waitText,
  };
  const origin: Chart = {
    title: "Answered by the origin",
    plot: { ...PLOT, x: 572 },
    lines: linesOf(data, ({ originPercent }) => originPercent.total, percentText),
    scale: scaleLinear([0, 100], [BOTTOM, TOP]),
    ticks: [0, 25, 50, 75, 100],
    write: percentText,
  };
  const title = "A traffic spike on one isolate: how long texts wait for the edge, and how many go to the origin";
  const level = wait.scale(maxQueueMs);
  return `${picture(
    { width: WIDTH, height: HEIGHT, title, style: STYLE },
    label(24, 30, "A traffic spike on one isolate", { size: 18, bold: true }),
    label(24, 52, `Simulated: ${spikes} spikes of ${seconds} s at each rate, run times by the time model of ${model}`),
    chartOf(wait, saturationPerSecond),
    path(`M${wait.plot.x} ${level}h${PLOT.width}`, "level"),
    label(wait.plot.x, level - 6, `limit ${maxQueueMs} ms`, { as: "purple tone", size: 11, bold: true }),
    chartOf(origin, saturationPerSecond),
    label(rateScale(origin.plot)(saturationPerSecond) + 6, TOP + 14, `always busy from ${saturationPerSecond}`),
  )}\n`;
}

/** One plot of lines over requests per second. The name of a line is at its end. */
interface Chart {
  title: string;
  plot: Box;
  lines: readonly Line[];
  scale: Scale;
  ticks: readonly number[];
  /** Formats a value, at a tick and at the end of a line. */
  write: (value: number) => string;
}

function chartOf({ title, plot, lines, scale, ticks, write }: Chart, saturationPerSecond: number): string {
  const x = rateScale(plot);
  const rates = { scale: x, ticks: RATE_TICKS, write: String, unit: "requests per second" };
  return [
    label(plot.x, TOP - 18, title, { size: 14, bold: true }),
    lineChart({ plot, x: rates, y: { scale, ticks, write }, lines }),
    path(`M${x(saturationPerSecond)} ${TOP}V${BOTTOM}`, "mark"),
  ].join("");
}

function rateScale({ x, width }: Box): Scale {
  return scaleLinear([0, MAX_RATE], [x, x + width]);
}

function linesOf(
  { rows }: PictureData,
  pick: (row: PictureData["rows"][number]) => number,
  write: (value: number) => string,
): Line[] {
  return DRAWN.map((policy) => {
    const points = rows.filter(({ way }) => way === policy).map((row) => ({ x: row.ratePerSecond, y: pick(row) }));
    const last = points.at(-1);
    if (last === undefined) throw new RangeError("a policy that is drawn has no row; measure again");
    return { tone: TONES[policy], points, dots: true, end: { name: NAMES[policy], value: write(last.y) } };
  });
}

function longest(lines: readonly Line[]): number {
  return Math.max(SHORTEST_MS * 10, ...lines.flatMap(({ points }) => points.map(({ y }) => y)));
}

function waitText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

function percentText(percent: number): string {
  return `${Math.round(percent)} %`;
}
