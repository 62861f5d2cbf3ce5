/** The bars of the bench `memory` as an SVG that can be read on light and dark pages. Pure; every number comes from the measurement. */
import { z } from "zod";
import { label, path, picture, rectangle } from "../../../control-plane/drawing/svg.ts";
import { highest } from "./stage.ts";

const accounted = z.object({
  wasmHeapMiB: z.number(),
  v8UsedMiB: z.number(),
  embedderMiB: z.number(),
  backingStorageMiB: z.number(),
  totalMiB: z.number(),
  limitMiB: z.number(),
});
const stages = z.array(z.object({ id: z.string(), after: accounted, peak: accounted.nullable() }));

/** The part of `npm run bench -- memory --json` that the picture needs. */
export const pictureSchema = z.object({
  bench: z.literal("memory"),
  limitMiB: z.number(),
  budgetMiB: z.number(),
  weightsMiB: z.number(),
  stages,
  plain: z.object({ weightsMiB: z.number(), stages }),
});
export type PictureData = z.infer<typeof pictureSchema>;

const WIDTH = 960;
const LEFT = 142;
const RIGHT = 138;
const BAR_HEIGHT = 40;
const BAR_GAP = 10;
const GROUP_TITLE_HEIGHT = 30;
const GROUP_GAP = 26;
const TOP = 132;
const TICK_MIB = 32;
/** From the edge of a part or of a bar to its number. */
const PAD = 9;
/** Narrower parts have no space for their number. */
const MIN_LABELLED_PX = 26;

/** SVG has no text flow, so the width of a name is estimated generously. */
const LEGEND_CHAR_PX = 7;
const LEGEND_GAP_PX = 42;

const PARTS = ["weights", "wasm", "js", "buffers"] as const;
type Part = (typeof PARTS)[number];

const PART_NAMES: Record<Part, string> = {
  weights: "the model's weights, once",
  wasm: "the rest of the wasm heap",
  js: "V8's heap and runtime objects",
  buffers: "buffers outside them",
};

const SHOWN_STAGES = [
  { id: "load", title: "Cold load, peak" },
  { id: "tokens-512", title: "Texts of 512 tokens, peak" },
] as const;

const STYLE = `
    .page { fill: #ffffff } .text { fill: #0f172a } .soft { fill: #475569 }
    .weights { fill: #1d4ed8 } .wasm { fill: #60a5fa } .js { fill: #f59e0b } .buffers { fill: #a78bfa }
    .on-weights { fill: #ffffff } .on-wasm, .on-js, .on-buffers { fill: #0f172a }
    .limit { stroke: #dc2626 } .budget { stroke: #059669 } .limit-text { fill: #dc2626 } .budget-text { fill: #047857 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .text { fill: #e6edf3 } .soft { fill: #9aa7b4 }
      .weights { fill: #3b6fe0 } .wasm { fill: #7cb7ff } .js { fill: #f0b23e } .buffers { fill: #b9a3fb }
      .limit { stroke: #ff7b72 } .budget { stroke: #3fb98a } .limit-text { fill: #ff7b72 } .budget-text { fill: #4cc79a }
    }
  `;

interface Bar {
  label: string;
  parts: Record<Part, number>;
  totalMiB: number;
}

interface Group {
  title: string;
  bars: Bar[];
}

/** The horizontal scale of the picture. */
interface Scale {
  /** MiB to pixels. */
  x(mib: number): number;
  longestMiB: number;
  limitMiB: number;
  bottom: number;
}

/** @returns the SVG @throws Error if the measurement has no such stage */
export function memoryPicture(data: PictureData): string {
  const shown = groups(data);
  const { limitMiB, budgetMiB } = data;
  const longestMiB = Math.max(limitMiB, ...shown.flatMap(({ bars }) => bars.map(({ totalMiB }) => totalMiB)));
  const x = (mib: number) => LEFT + ((WIDTH - LEFT - RIGHT) * mib) / longestMiB;
  const groupHeight = GROUP_TITLE_HEIGHT + 2 * (BAR_HEIGHT + BAR_GAP) + GROUP_GAP;
  const bottom = TOP + shown.length * groupHeight - GROUP_GAP + 4;
  const height = bottom + 42;
  const scale = { x, longestMiB, limitMiB, bottom };
  const title =
    "Memory of one isolate with a model of DistilBERT's size: plain onnxruntime-web and Spillway, with the limit";
  return `${picture(
    { width: WIDTH, height, title, style: STYLE },
    rectangle({ x: 0, y: 0, width: WIDTH, height }, "page", 12),
    label(28, 40, "Memory of one isolate, a model of DistilBERT's size", { as: "text", size: 19, bold: true }),
    legend(),
    axis(scale),
    ...shown.map((group, index) => groupOf(group, TOP + index * groupHeight, scale)),
    lineAt(budgetMiB, { name: "budget", label: `budget ${budgetMiB}`, anchor: "end" }, scale),
    lineAt(limitMiB, { name: "limit", label: `limit ${limitMiB} MiB`, anchor: "start" }, scale),
  )}\n`;
}

/** The bars of each shown stage. @throws Error if the measurement has no such stage */
export function groups({ stages, weightsMiB, plain }: PictureData): Group[] {
  return SHOWN_STAGES.map(({ id, title }) => ({
    title,
    bars: [toBar("plain Worker", plain.stages, plain.weightsMiB, id), toBar("Spillway", stages, weightsMiB, id)],
  }));
}

function toBar(label: string, stages: PictureData["stages"], weightsMiB: number, id: string): Bar {
  const stage = stages.find((one) => one.id === id);
  if (stage === undefined) throw new Error(`The measurement has no stage "${id}" for ${label}; measure again.`);
  const { wasmHeapMiB, v8UsedMiB, embedderMiB, backingStorageMiB, totalMiB } = highest(stage);
  const parts = {
    weights: weightsMiB,
    wasm: wasmHeapMiB - weightsMiB,
    js: v8UsedMiB + embedderMiB,
    buffers: backingStorageMiB,
  };
  return { label, parts, totalMiB };
}

function legend(): string {
  let left = 28;
  const items = PARTS.map((part) => {
    const name = PART_NAMES[part];
    const swatch = rectangle({ x: left, y: 60, width: 13, height: 13 }, part, 3);
    const item = swatch + label(left + 20, 71, name, { as: "soft", size: 12.5 });
    left += Math.round(LEGEND_GAP_PX + LEGEND_CHAR_PX * name.length);
    return item;
  });
  return items.join("");
}

function axis({ x, longestMiB, bottom }: Scale): string {
  const ticks = Array.from({ length: Math.floor(longestMiB / TICK_MIB) + 1 }, (_, index) => index * TICK_MIB);
  const numbers = ticks.map((mib) => label(x(mib), bottom + 20, String(mib), { as: "soft", anchor: "middle" }));
  return numbers.join("") + label(WIDTH - 28, bottom + 20, "MiB", { as: "soft", anchor: "end" });
}

function groupOf({ title, bars }: Group, y: number, scale: Scale): string {
  const rows = bars.map((bar, index) => barOf(bar, y + GROUP_TITLE_HEIGHT + index * (BAR_HEIGHT + BAR_GAP), scale));
  return label(28, y + 18, title, { as: "soft", size: 13 }) + rows.join("");
}

function barOf({ label: name, parts, totalMiB }: Bar, y: number, { x, limitMiB }: Scale): string {
  const middle = y + BAR_HEIGHT / 2 + 5;
  let fromMiB = 0;
  const pieces = PARTS.map((part) => {
    const left = x(fromMiB);
    fromMiB += parts[part];
    const width = x(fromMiB) - left;
    const number = width < MIN_LABELLED_PX ? "" : String(Math.round(parts[part]));
    // At the part's left edge, because in its middle it could be under one of the lines.
    const text = label(left + PAD, middle, number, { as: `on-${part}`, size: 13 });
    return rectangle({ x: left, y, width, height: BAR_HEIGHT }, part) + text;
  });
  // Right of the limit's line, so that the line does not cross it.
  const right = x(Math.max(fromMiB, limitMiB)) + PAD;
  const percent = `${Math.round((100 * totalMiB) / limitMiB)} % of the limit`;
  return [
    label(LEFT - 12, middle, name, { as: "text", size: 14, anchor: "end", bold: true }),
    ...pieces,
    label(right, middle - 8, `${Math.round(totalMiB)} MiB`, { as: "text", size: 14, bold: true }),
    label(right, middle + 9, percent, { as: "soft" }),
  ].join("");
}

interface MarkedLine {
  name: "limit" | "budget";
  label: string;
  anchor: "start" | "end";
}

function lineAt(mib: number, { name, label: text, anchor }: MarkedLine, { x, bottom }: Scale): string {
  const at = x(mib);
  const dashes = name === "budget" ? { "stroke-dasharray": "5 4" } : {};
  const line = path(`M${at.toFixed(1)} ${TOP - 14}V${bottom}`, name, { "stroke-width": 2, ...dashes });
  const style = { as: `${name}-text`, anchor, size: 13, bold: true } as const;
  return line + label(at + (anchor === "end" ? 4 : -4), TOP - 20, text, style);
}
