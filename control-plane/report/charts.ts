/** The report's pictures, at a width in pixels: times per arm, ratios, reasons, cost per day. Pure. */
import { scaleLinear } from "d3-scale";
import { logAxis } from "../drawing/axes.ts";
import { barChart } from "../drawing/bar-chart.ts";
import { columnChart } from "../drawing/column-chart.ts";
import { type IntervalRow, ratioChart } from "../drawing/interval-chart.ts";
import { legend } from "../drawing/legend.ts";
import { type Line, lineChart } from "../drawing/line-chart.ts";
import type { Tone } from "../drawing/style.ts";
import { type Box, dot, label, path, picture } from "../drawing/svg.ts";
import type { Comparison } from "./comparison.ts";
import type { CostGroup } from "./cost.ts";
import type { Curve, CurvePoint } from "./curve.ts";
import { count, ms, percent, ratio, ratioInterval, usd } from "./numbers.ts";
import type { Report } from "./report.ts";
import { namesOf } from "./versions.ts";

export const ARM_TONES: Readonly<Record<string, Tone>> = { inside: "blue", outside: "orange", ineligible: "grey" };

export const GROUPS: readonly { key: CostGroup; name: string; tone: Tone }[] = [
  { key: "origin", name: "origin", tone: "orange" },
  { key: "edgeCpu", name: "CPU at the edge", tone: "blue" },
  { key: "loads", name: "CPU of loads", tone: "purple" },
  { key: "gateway", name: "gateway", tone: "green" },
  { key: "ledger", name: "ledger", tone: "yellow" },
  { key: "storage", name: "KV and R2", tone: "grey" },
  { key: "shadow", name: "shadow", tone: "pink" },
];

/** Texts that are faster than this part of all, and slower than all but this part, are outside of the time axis. */
const LEFT_OUT = 0.005;
const LEFT = 44;
/** For half of the last tick's name, such as "500 ms". */
const RIGHT = 24;
const P95 = 0.95;

/** The distribution of times per arm, with bands at 95 % confidence. Null without texts. */
export function timesPicture(curves: readonly Curve[], width: number, tones = ARM_TONES): string | null {
  if (curves.length === 0) return null;
  const head = legend(
    curves.map((curve) => ({ name: `${curve.name}, P95 ${ms(curve.p95Ms)}`, tone: toneOf(curve, tones) })),
    0,
    0,
    width,
  );
  const plot: Box = { x: LEFT, y: head.height + 14, width: width - LEFT - RIGHT, height: Math.min(280, width * 0.62) };
  const bottom = plot.y + plot.height;
  // Ineligible texts that fail at once would stretch the axis to the left.
  const eligible = curves.filter(({ name }) => name !== "ineligible");
  const x = logAxis(
    Math.min(...(eligible.length > 0 ? eligible : curves).map((curve) => timeAt(curve, LEFT_OUT))),
    Math.max(...curves.map((curve) => timeAt(curve, 1 - LEFT_OUT))),
    [plot.x, plot.x + plot.width],
  );
  x.scale.clamp(true);
  const y = scaleLinear([0, 1], [bottom, plot.y]);
  const lines = curves.map(
    (curve): Line => ({
      tone: toneOf(curve, tones),
      points: curve.points.map((point) => ({ x: point.ms, y: point.part })),
      band: ({ y: part }) => [Math.max(0, part - curve.band), Math.min(1, part + curve.band)],
    }),
  );
  const chart = lineChart({
    plot,
    x: {
      ...x,
      write: (value) => (value < 1000 ? `${value} ms` : `${value / 1000} s`),
      unit: "from admission to the answer",
    },
    y: { scale: y, ticks: [0, 0.25, 0.5, 0.75, 1], write: (part) => `${part * 100} %` },
    lines,
  });
  const level = path(`M${plot.x} ${y(P95)}H${plot.x + plot.width}`, "mark");
  const marks = curves.map((curve) => dot(x.scale(curve.p95Ms), y(P95), `${toneOf(curve, tones)} fill`, 4.5));
  const name = label(plot.x + 6, y(P95) + 14, "P95", { size: 11 });
  const title = "The part of texts that were answered within a time, by arm";
  return picture({ width, height: bottom + 44, title }, head.markup, chart, level, ...marks, name);
}

/** P95 ratios: the arms, the halves that are served alike, and two versions where they are compared. Null without a ratio. */
export function ratiosPicture(report: Report, width: number): string | null {
  const { comparison, sameCode, compare } = report;
  const rows = [
    rowOf("inside / outside", "blue", comparison),
    rowOf("served alike: outside A / outside B", "grey", sameCode.comparison),
    ...(compare === null
      ? []
      : (["inside", "outside"] as const).map((arm) =>
          rowOf(
            `${arm}: ${namesOf(compare).toReversed().join(" / ")}`,
            ARM_TONES[arm] ?? "grey",
            compare.differences[arm],
          ),
        )),
  ].filter((row) => row !== null);
  if (rows.length === 0) return null;
  const { markup, height } = ratioChart(rows, width, (value) => String(value));
  return picture({ width, height, title: "Ratios of P95 with intervals at 95 % confidence" }, markup);
}

/** Answered texts by the reason of their route. Null without texts. */
export function reasonsPicture({ reasons }: Report, width: number): string | null {
  return bars(reasons, "Answered texts by the reason of their route", width, (because) =>
    because === "within-share" ? "blue" : because === "outside-share" ? "orange" : "grey",
  );
}

/** Failed texts by reason. Null without one. */
export function failuresPicture({ failuresByReason }: Report, width: number): string | null {
  return bars(failuresByReason, "Failed texts by reason", width, () => "yellow");
}

/** Requests with an answer other than 200, by reason. Null without one. */
export function refusalsPicture({ refusalsByReason }: Report, width: number): string | null {
  return bars(refusalsByReason, "Requests with an answer other than 200, by reason", width, () => "pink");
}

/** Cost per day at list prices. Null without any. */
export function costPicture({ days }: Report, width: number): string | null {
  const used = GROUPS.filter(({ key }) => days.some(({ groupsUsd }) => groupsUsd[key] > 0));
  if (used.length === 0) return null;
  const head = legend(used, 0, 0, width);
  const plot: Box = { x: LEFT + 12, y: head.height + 14, width: width - LEFT - 12, height: 180 };
  const chart = columnChart({
    plot,
    keys: used,
    columns: days.map(({ day, groupsUsd }) => ({ name: dayName(day), values: groupsUsd })),
    write: usd,
  });
  return picture(
    { width, height: plot.y + plot.height + 26, title: "Cost per day at list prices" },
    head.markup,
    chart,
  );
}

/** The time within which this part of the texts were answered. */
function timeAt({ points }: Curve, part: number): number {
  const index = points.findIndex((point) => point.part >= part);
  const [before, after] = [points[index - 1], points[index]];
  if (before === undefined || after === undefined) return (after ?? points.at(-1))?.ms ?? 1;
  return before.ms + ((after.ms - before.ms) * (part - before.part)) / stepOf(before, after);
}

function stepOf(before: CurvePoint, after: CurvePoint): number {
  return Math.max(Number.MIN_VALUE, after.part - before.part);
}

function bars(counts: Readonly<Record<string, number>>, title: string, width: number, toneOf: (name: string) => Tone) {
  const all = Object.entries(counts);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  if (total === 0) return null;
  const { markup, height } = barChart(
    all.map(([name, n]) => ({ name, value: n, text: `${count(n)}, ${percent(n / total)}`, tone: toneOf(name) })),
    width,
  );
  return picture({ width, height, title }, markup);
}

function rowOf(name: string, tone: Tone, { p95Ratio }: Comparison): IntervalRow | null {
  if (p95Ratio === null) return null;
  return { ...p95Ratio, name, tone, text: `${ratio(p95Ratio.value)} ${ratioInterval(p95Ratio)}` };
}

function toneOf({ name }: Curve, tones: Readonly<Record<string, Tone>>): Tone {
  return tones[name] ?? "grey";
}

/** 12 Nov */
function dayName(day: string): string {
  return new Date(day).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
