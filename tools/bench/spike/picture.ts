/** The two charts of the bench `spike` as an SVG that can be read on light and dark pages. Pure; every number comes from the simulation. */
import { z } from "zod";
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
const CHART_WIDTH = 300;
const CHART_TOP = 104;
const CHART_HEIGHT = 260;
const CHART_BOTTOM = CHART_TOP + CHART_HEIGHT;
const HEIGHT = CHART_BOTTOM + 62;
const RATE_TICKS = [1, 20, 40, 60, 80, 100];
const MAX_RATE = 100;
/** Two lines of text each. */
const LABEL_GAP = 36;
const NAMES: Record<Drawn, string> = {
  plain: "plain",
  adaptive: "adaptive",
  "adaptive-budget-200": "budget 200 ms",
};

// One set of colours of middle brightness, because the page's theme and the system's theme, which a media query reads, may differ.
const STYLE = `
    text { fill: #727b86 } .grid { stroke: #8b949e; stroke-opacity: 0.25 } .mark { stroke: #8b949e; stroke-dasharray: 2 4 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
    .line.plain { stroke: #d9603b } .line.adaptive { stroke: #2f81f7 } .line.adaptive-budget-200 { stroke: #1a9e6b }
    .dot.plain, text.plain { fill: #d9603b } .dot.adaptive, text.adaptive { fill: #2f81f7 }
    .dot.adaptive-budget-200, text.adaptive-budget-200 { fill: #1a9e6b }
    tspan.soft, text.soft { fill: #727b86 }
    .level { stroke: #9a6cd8; stroke-width: 1.5; stroke-dasharray: 6 4 } .level-text { fill: #9a6cd8 }
  `;

/** @returns the SVG @throws RangeError if the data has no row of a policy that is drawn */
export function spikePicture(data: PictureData): string {
  const { model, seconds, spikes, maxQueueMs, saturationPerSecond } = data;
  const wait = waitChart(data);
  const origin = originChart(data);
  const saturated = `always busy from ${saturationPerSecond}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <title>A traffic spike on one isolate: how long texts wait for the edge, and how many go to the origin</title>
  <style>${STYLE}</style>
  <text x="24" y="30" font-size="18" font-weight="600">A traffic spike on one isolate</text>
  <text x="24" y="52" font-size="12.5">Simulated: ${spikes} spikes of ${seconds} s at each rate, run times by the time model of ${model}</text>
${chartOf(wait)}
${rateMarkOf(saturationPerSecond, "", wait)}
${levelOf(maxQueueMs, `limit ${maxQueueMs} ms`, wait)}
${chartOf(origin)}
${rateMarkOf(saturationPerSecond, saturated, origin)}
</svg>
`;
}

function waitChart(data: PictureData): Chart {
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

function originChart(data: PictureData): Chart {
  return {
    title: "Answered by the origin",
    left: 572,
    lines: originLines(data),
    ticks: [0, 25, 50, 75, 100],
    write: (percent) => `${Math.round(percent)} %`,
    height: (percent) => percent / 100,
  };
}

function longest(lines: readonly Line[]): number {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  if (lines.some(({ points }) => points.length === 0)) {
    throw new RangeError("a policy that is drawn has no row; measure again");
  }
  return Math.max(SHORTEST_MS * 10, ...values);
}

interface Point {
  ratePerSecond: number;
  value: number;
}

interface Line {
  policy: Drawn;
  points: readonly Point[];
}

function waitLines(data: PictureData): Line[] {
  return linesOf(data, ({ edgeWaitMs }) => edgeWaitMs.p95);
}

function originLines(data: PictureData): Line[] {
  return linesOf(data, ({ originPercent }) => originPercent.total);
}

function linesOf({ rows }: PictureData, pick: (row: PictureData["rows"][number]) => number): Line[] {
  return DRAWN.map((policy) => ({
    policy,
    points: rows
      .filter((row) => row.way === policy)
      .map((row) => ({ ratePerSecond: row.ratePerSecond, value: pick(row) })),
  }));
}

/** One plot of lines over requests per second. The name of a line is at its end. */
interface Chart {
  title: string;
  left: number;
  lines: readonly Line[];
  ticks: readonly number[];
  /** Formats a value, at a tick and at the end of a line. */
  write(value: number): string;
  /** The height of a value, from 0 at the plot's bottom to 1 at its top. */
  height(value: number): number;
}

function chartOf(chart: Chart): string {
  const { title, left, lines } = chart;
  return [
    `  <text class="title" x="${left}" y="${CHART_TOP - 18}" font-size="14" font-weight="600">${title}</text>`,
    ...grid(chart),
    ...lines.map((line) => curve(line, chart)),
    ...labels(chart),
  ].join("\n");
}

/** A horizontal line at a value, to compare the lines with. */
function levelOf(value: number, label: string, chart: Chart): string {
  const y = px(yOf(value, chart));
  return [
    `  <path class="level" d="M${chart.left} ${y}H${chart.left + CHART_WIDTH}"/>`,
    `  <text class="level-text" x="${chart.left}" y="${px(yOf(value, chart) - 6)}" font-size="11" font-weight="600">${label}</text>`,
  ].join("\n");
}

/** A vertical line at a rate, to compare the lines with. */
function rateMarkOf(ratePerSecond: number, label: string, { left }: Chart): string {
  const x = xOf(ratePerSecond, left);
  return [
    `  <path class="mark" d="M${px(x)} ${CHART_TOP}V${CHART_BOTTOM}"/>`,
    `  <text class="soft" x="${px(x + 6)}" y="${CHART_TOP + 14}" font-size="12">${label}</text>`,
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
  const unit = `<text class="soft" x="${left + CHART_WIDTH / 2}" y="${CHART_BOTTOM + 42}" text-anchor="middle" font-size="12">requests per second</text>`;
  return [...across, `  ${along.join("")}${unit}`];
}

function curve({ policy, points }: Line, chart: Chart): string {
  const at = points.map(({ ratePerSecond, value }) => ({
    x: px(xOf(ratePerSecond, chart.left)),
    y: px(yOf(value, chart)),
  }));
  const dots = at.map(({ x, y }) => `<circle class="dot ${policy}" cx="${x}" cy="${y}" r="3"/>`).join("");
  return `  <path class="line ${policy}" d="M${at.map(({ x, y }) => `${x} ${y}`).join("L")}"/>${dots}`;
}

/** From the top down. Labels that would overlap move down. */
function labels(chart: Chart): string[] {
  const x = chart.left + CHART_WIDTH + 12;
  let freeFrom = CHART_TOP;
  return chart.lines
    .flatMap(({ policy, points }) => points.slice(-1).map(({ value }) => ({ policy, value, y: yOf(value, chart) })))
    .toSorted((a, b) => a.y - b.y)
    .map(({ policy, value, y }) => {
      const at = Math.max(y, freeFrom);
      freeFrom = at + LABEL_GAP;
      return `  <text class="${policy}" x="${x}" y="${px(at)}" font-size="13" font-weight="600">${NAMES[policy]}<tspan class="soft" x="${x}" dy="16" font-size="12" font-weight="400">${chart.write(value)}</tspan></text>`;
    });
}

function xOf(ratePerSecond: number, left: number): number {
  return left + (CHART_WIDTH * ratePerSecond) / MAX_RATE;
}

function yOf(value: number, { height }: Chart): number {
  return CHART_BOTTOM - CHART_HEIGHT * Math.min(1, Math.max(0, height(value)));
}

function px(value: number): string {
  return value.toFixed(1);
}
