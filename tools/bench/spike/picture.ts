/** Pure. Both panels as an SVG whose colours can be read on light and on dark pages; every number comes from the simulation. */
import { z } from "zod";
import { POLICY_NAMES, type PolicyName } from "./policies.ts";

const WIDTH = 1000;
/** What is shorter is drawn here: nobody feels it. */
const SHORTEST_MS = 10;

// One set of colours for both, of middle brightness: a page's theme and the system's, which a media query asks for, may differ.
const STYLE = `
    text { fill: #727b86 } .grid { stroke: #8b949e; stroke-opacity: 0.25 } .mark { stroke: #8b949e; stroke-dasharray: 2 4 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
    .line.plain { stroke: #d9603b } .line.adaptive { stroke: #2f81f7 } .line.adaptive-budget-200 { stroke: #1a9e6b }
    .dot.plain, text.plain { fill: #d9603b } .dot.adaptive, text.adaptive { fill: #2f81f7 }
    .dot.adaptive-budget-200, text.adaptive-budget-200 { fill: #1a9e6b }
    tspan.soft, text.soft { fill: #727b86 }
    .level { stroke: #9a6cd8; stroke-width: 1.5; stroke-dasharray: 6 4 } .level-text { fill: #9a6cd8 }
  `;

/** @throws RangeError for data without a row of a way that is drawn */
export function spikePicture(data: PictureData): string {
  const { model, seconds, spikes, maxQueueMs, saturationPerSecond } = data;
  const wait = waitPanel(data);
  const origin = originPanel(data);
  const full = `always busy from ${saturationPerSecond}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <title>A traffic spike on one isolate: how long texts wait for the edge, and how many go to the origin</title>
  <style>${STYLE}</style>
  <text x="24" y="30" font-size="18" font-weight="600">A traffic spike on one isolate</text>
  <text x="24" y="52" font-size="12.5">Simulated: ${spikes} spikes of ${seconds} s at each rate, run times by the time model of ${model}</text>
${chartOf(wait)}
${rateMarkOf(saturationPerSecond, "", wait)}
${levelOf(maxQueueMs, `limit ${maxQueueMs} ms`, wait)}
${chartOf(origin)}
${rateMarkOf(saturationPerSecond, full, origin)}
</svg>
`;
}

function waitPanel(data: PictureData): Chart {
  const lines = waitLines(data);
  const decades = Math.ceil(Math.log10(longest(lines) / SHORTEST_MS));
  return {
    title: "Wait for the edge, P95 (log scale)",
    left: 76,
    lines,
    ticks: Array.from({ length: decades + 1 }, (_, decade) => SHORTEST_MS * 10 ** decade),
    write: (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`),
    height: (ms) => Math.log10(Math.max(ms, SHORTEST_MS) / SHORTEST_MS) / decades,
  };
}

function originPanel(data: PictureData): Chart {
  return {
    title: "Answered by the origin",
    left: 572,
    lines: originLines(data),
    ticks: [0, 25, 50, 75, 100],
    write: (percent) => `${Math.round(percent)} %`,
    height: (percent) => percent / 100,
  };
}

function longest(lines: ReturnType<typeof waitLines>): number {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  if (lines.some(({ points }) => points.length === 0))
    throw new RangeError("a way that is drawn has no row; measure again");
  return Math.max(SHORTEST_MS * 10, ...values);
}

/** Pure. One plot of lines over requests per second, as a piece of an SVG; each line's name stands at its end. */

export interface Chart {
  title: string;
  left: number;
  lines: readonly Line[];
  ticks: readonly number[];
  /** How a value is written, at a tick and at the end of a line. */
  write(value: number): string;
  /** From the plot's bottom, 0, to its top, 1. */
  height(value: number): number;
}

const CHART_WIDTH = 300;
const TOP = 104;
const CHART_HEIGHT = 260;
export const CHART_BOTTOM = TOP + CHART_HEIGHT;
const HEIGHT = CHART_BOTTOM + 62;
const RATE_TICKS = [1, 10, 20, 30, 40, 50];
const RATE_MAX = 50;
/** Two lines of text each. */
const LABEL_GAP = 36;
const NAMES: Record<Drawn, string> = {
  plain: "plain",
  adaptive: "adaptive",
  "adaptive-budget-200": "budget 200 ms",
};

export function chartOf(chart: Chart): string {
  const { title, left, lines } = chart;
  return [
    `  <text class="title" x="${left}" y="${TOP - 18}" font-size="14" font-weight="600">${title}</text>`,
    ...grid(chart),
    ...lines.map((line) => curve(line, chart)),
    ...labels(chart),
  ].join("\n");
}

/** A value that the reader should see the lines against. */
export function levelOf(value: number, words: string, chart: Chart): string {
  const y = px(yOf(value, chart));
  return [
    `  <path class="level" d="M${chart.left} ${y}H${chart.left + CHART_WIDTH}"/>`,
    `  <text class="level-text" x="${chart.left}" y="${px(yOf(value, chart) - 6)}" font-size="11" font-weight="600">${words}</text>`,
  ].join("\n");
}

/** A rate that the reader should see the lines against. */
export function rateMarkOf(ratePerSecond: number, words: string, { left }: Chart): string {
  const x = xOf(ratePerSecond, left);
  return [
    `  <path class="mark" d="M${px(x)} ${TOP}V${CHART_BOTTOM}"/>`,
    `  <text class="soft" x="${px(x + 6)}" y="${TOP + 14}" font-size="12">${words}</text>`,
  ].join("\n");
}

function grid(chart: Chart): string[] {
  const { left, ticks, write } = chart;
  const across = ticks.map((value) => {
    const y = yOf(value, chart);
    return `  <path class="grid" d="M${left} ${px(y)}H${left + CHART_WIDTH}"/><text class="soft" x="${left - 8}" y="${px(y + 4)}" text-anchor="end" font-size="12">${write(value)}</text>`;
  });
  const along = RATE_TICKS.map(
    (rate) =>
      `<text class="soft" x="${px(xOf(rate, left))}" y="${CHART_BOTTOM + 20}" text-anchor="middle" font-size="12">${rate}</text>`,
  );
  const unit = `<text class="soft" x="${left + CHART_WIDTH / 2}" y="${CHART_BOTTOM + 42}" text-anchor="middle" font-size="12">requests a second</text>`;
  return [...across, `  ${along.join("")}${unit}`];
}

function curve({ way, points }: Line, chart: Chart): string {
  const at = points.map(({ ratePerSecond, value }) => ({
    x: px(xOf(ratePerSecond, chart.left)),
    y: px(yOf(value, chart)),
  }));
  const dots = at.map(({ x, y }) => `<circle class="dot ${way}" cx="${x}" cy="${y}" r="3"/>`).join("");
  return `  <path class="line ${way}" d="M${at.map(({ x, y }) => `${x} ${y}`).join("L")}"/>${dots}`;
}

/** From the top down, pushed apart where the ends lie close. */
function labels(chart: Chart): string[] {
  const x = chart.left + CHART_WIDTH + 12;
  let freeFrom = TOP;
  return chart.lines
    .flatMap(({ way, points }) => points.slice(-1).map(({ value }) => ({ way, value, y: yOf(value, chart) })))
    .toSorted((a, b) => a.y - b.y)
    .map(({ way, value, y }) => {
      const at = Math.max(y, freeFrom);
      freeFrom = at + LABEL_GAP;
      return `  <text class="${way}" x="${x}" y="${px(at)}" font-size="13" font-weight="600">${NAMES[way]}<tspan class="soft" x="${x}" dy="16" font-size="12" font-weight="400">${chart.write(value)}</tspan></text>`;
    });
}

function xOf(ratePerSecond: number, left: number): number {
  return left + (CHART_WIDTH * ratePerSecond) / RATE_MAX;
}

function yOf(value: number, { height }: Chart): number {
  return CHART_BOTTOM - CHART_HEIGHT * Math.min(1, Math.max(0, height(value)));
}

function px(value: number): string {
  return value.toFixed(1);
}

/** Pure. What the picture needs of `npm run bench -- spike --json`, as lines. */

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
        way: z.enum(POLICY_NAMES),
        ratePerSecond: z.number(),
        edgeWaitMs: z.object({ p95: z.number() }),
        originPercent: z.object({ total: z.number() }),
      }),
    )
    .min(1),
});
export type PictureData = z.infer<typeof pictureSchema>;

/** Those that are drawn; a budget of 800 ms would lie on the line of none. */
export const DRAWN = ["plain", "adaptive", "adaptive-budget-200"] as const satisfies readonly PolicyName[];
export type Drawn = (typeof DRAWN)[number];

export interface Point {
  ratePerSecond: number;
  value: number;
}

export interface Line {
  way: Drawn;
  points: readonly Point[];
}

export function waitLines(data: PictureData): Line[] {
  return linesOf(data, ({ edgeWaitMs }) => edgeWaitMs.p95);
}

export function originLines(data: PictureData): Line[] {
  return linesOf(data, ({ originPercent }) => originPercent.total);
}

function linesOf({ rows }: PictureData, pick: (row: PictureData["rows"][number]) => number): Line[] {
  return DRAWN.map((way) => ({
    way,
    points: rows
      .filter((row) => row.way === way)
      .map((row) => ({ ratePerSecond: row.ratePerSecond, value: pick(row) })),
  }));
}
