/** The bars of the bench `memory` as an SVG that can be read on light and dark pages. Pure; every number comes from the measurement. */
import { z } from "zod";
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
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <title>Memory of one isolate with a model of DistilBERT's size: plain onnxruntime-web and Spillway, with the limit</title>
  <style>${STYLE}</style>
  <rect class="page" width="${WIDTH}" height="${height}" rx="12"/>
  <text x="28" y="40" class="text" font-size="19" font-weight="600">Memory of one isolate, a model of DistilBERT's size</text>
${legend()}
${axis(scale)}
${shown.map((group, index) => groupOf(group, TOP + index * groupHeight, scale)).join("\n")}
${lineAt(budgetMiB, { name: "budget", label: `budget ${budgetMiB}`, anchor: "end" }, scale)}
${lineAt(limitMiB, { name: "limit", label: `limit ${limitMiB} MiB`, anchor: "start" }, scale)}
</svg>
`;
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
    const rect = `<rect class="${part}" x="${left}" y="60" width="13" height="13" rx="3"/>`;
    const item = `  ${rect}${text(left + 20, 71, name, { style: "soft", anchor: "start", size: 12.5 })}`;
    left += Math.round(LEGEND_GAP_PX + LEGEND_CHAR_PX * name.length);
    return item;
  });
  return items.join("\n");
}

function axis({ x, longestMiB, bottom }: Scale): string {
  const ticks = Array.from({ length: Math.floor(longestMiB / TICK_MIB) + 1 }, (_, index) => index * TICK_MIB);
  const number = { style: "soft", anchor: "middle", size: 12 } as const;
  const numbers = ticks.map((mib) => text(x(mib), bottom + 20, String(mib), number)).join("");
  return `  ${numbers}${text(WIDTH - 28, bottom + 20, "MiB", { style: "soft", anchor: "end", size: 12 })}`;
}

function groupOf({ title, bars }: Group, y: number, scale: Scale): string {
  const rows = bars.map((bar, index) => barOf(bar, y + GROUP_TITLE_HEIGHT + index * (BAR_HEIGHT + BAR_GAP), scale));
  return [`  ${text(28, y + 18, title, { style: "soft", anchor: "start", size: 13 })}`, ...rows].join("\n");
}

function barOf({ label, parts, totalMiB }: Bar, y: number, { x, limitMiB }: Scale): string {
  const middle = y + BAR_HEIGHT / 2 + 5;
  let fromMiB = 0;
  const pieces = PARTS.map((part) => {
    const left = x(fromMiB);
    fromMiB += parts[part];
    const width = x(fromMiB) - left;
    const number = width < MIN_LABELLED_PX ? "" : String(Math.round(parts[part]));
    // At the part's left edge, because in its middle it could be under one of the lines.
    const numberText = text(left + PAD, middle, number, { style: `on-${part}`, anchor: "start", size: 13 });
    return `<rect class="${part}" x="${px(left)}" y="${y}" width="${px(width)}" height="${BAR_HEIGHT}"/>${numberText}`;
  });
  const name = `<text class="text" x="${LEFT - 12}" y="${middle}" text-anchor="end" font-weight="600">${label}</text>`;
  // Right of the limit's line, so that the line does not cross it.
  const right = x(Math.max(fromMiB, limitMiB)) + PAD;
  const total = `<text class="text" x="${px(right)}" y="${middle - 8}" font-weight="600">${Math.round(totalMiB)} MiB</text>`;
  const percent = `${Math.round((100 * totalMiB) / limitMiB)} % of the limit`;
  const percentText = text(right, middle + 9, percent, { style: "soft", anchor: "start", size: 12 });
  return `  ${name}${pieces.join("")}${total}${percentText}`;
}

interface MarkedLine {
  name: "limit" | "budget";
  label: string;
  anchor: "start" | "end";
}

function lineAt(mib: number, { name, label, anchor }: MarkedLine, { x, bottom }: Scale): string {
  const at = px(x(mib));
  const shift = anchor === "end" ? 4 : -4;
  const dashes = name === "budget" ? ' stroke-dasharray="5 4"' : "";
  return `  <path class="${name}" d="M${at} ${TOP - 14}V${bottom}" stroke-width="2"${dashes}/><text class="${name}-text" x="${px(x(mib) + shift)}" y="${TOP - 20}" text-anchor="${anchor}" font-size="13" font-weight="600">${label}</text>`;
}

interface TextStyle {
  style: string;
  anchor: "start" | "middle" | "end";
  size: number;
}

function text(x: number, y: number, content: string, { style, anchor, size }: TextStyle): string {
  return `<text class="${style}" x="${px(x)}" y="${y}" text-anchor="${anchor}" font-size="${size}">${content}</text>`;
}

function px(value: number): string {
  return value.toFixed(1);
}
