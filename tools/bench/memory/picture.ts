/** Pure. The bars as an SVG that reads well on light and on dark pages; every number in it comes from the measurement. */
import { z } from "zod";
import { highest } from "./stage.ts";

const WIDTH = 960;
const LEFT = 142;
const RIGHT = 138;
const BAR_HEIGHT = 40;
const BAR_GAP = 10;
const GROUP_TITLE_HEIGHT = 30;
const GROUP_GAP = 26;
const TOP = 132;
const TICK_MIB = 32;
/** From a part's or a bar's edge to its number. */
const PAD = 9;
/** Narrower parts have no room for their number. */
const LABELLED_FROM_PX = 26;

/** SVG does not flow, so a name's width is guessed, rather too wide than too narrow. */
const LEGEND_CHAR_PX = 7;
const LEGEND_GAP_PX = 42;

const PART_NAMES: Record<Part, string> = {
  weights: "the model's weights, once",
  wasm: "the rest of the wasm heap",
  js: "V8's heap and runtime objects",
  buffers: "buffers outside them",
};

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

/** @throws Error when the measurement lacks a stage that is shown */
export function memoryPicture(data: PictureData): string {
  const shown = groups(data);
  const longestMiB = Math.max(data.limitMiB, ...shown.flatMap(({ bars }) => bars.map(({ totalMiB }) => totalMiB)));
  const x = (mib: number) => LEFT + ((WIDTH - LEFT - RIGHT) * mib) / longestMiB;
  const groupHeight = GROUP_TITLE_HEIGHT + 2 * (BAR_HEIGHT + BAR_GAP) + GROUP_GAP;
  const bottom = TOP + shown.length * groupHeight - GROUP_GAP + 4;
  const height = bottom + 42;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <title>Memory of one isolate with a model of DistilBERT's size: the plain way and Spillway beside the limit</title>
  <style>${STYLE}</style>
  <rect class="page" width="${WIDTH}" height="${height}" rx="12"/>
  <text x="28" y="40" class="text" font-size="19" font-weight="600">Memory of one isolate, a model of DistilBERT's size</text>
${legend()}
${axis(longestMiB, x, bottom)}
${shown.map((group, index) => groupOf(group, TOP + index * groupHeight, x, data.limitMiB)).join("\n")}
${line("budget", data.budgetMiB, `budget ${data.budgetMiB}`, "end", x, bottom)}
${line("limit", data.limitMiB, `limit ${data.limitMiB} MiB`, "start", x, bottom)}
</svg>
`;
}

function legend(): string {
  let at = 28;
  const items = PARTS.map((part) => {
    const name = PART_NAMES[part];
    const item = `  <rect class="${part}" x="${at}" y="60" width="13" height="13" rx="3"/>${text(at + 20, 71, name, "soft", "start", 12.5)}`;
    at += Math.round(LEGEND_GAP_PX + LEGEND_CHAR_PX * name.length);
    return item;
  });
  return items.join("\n");
}

function axis(longestMiB: number, x: (mib: number) => number, bottom: number): string {
  const ticks = Array.from({ length: Math.floor(longestMiB / TICK_MIB) + 1 }, (_, index) => index * TICK_MIB);
  const numbers = ticks.map((mib) => text(x(mib), bottom + 20, String(mib), "soft", "middle", 12)).join("");
  return `  ${numbers}${text(WIDTH - 28, bottom + 20, "MiB", "soft", "end", 12)}`;
}

function groupOf({ title, bars }: Group, y: number, x: (mib: number) => number, limitMiB: number): string {
  const rows = bars.map((bar, index) =>
    barOf(bar, y + GROUP_TITLE_HEIGHT + index * (BAR_HEIGHT + BAR_GAP), x, limitMiB),
  );
  return [`  ${text(28, y + 18, title, "soft", "start", 13)}`, ...rows].join("\n");
}

function barOf({ label, parts, totalMiB }: Bar, y: number, x: (mib: number) => number, limitMiB: number): string {
  const middle = y + BAR_HEIGHT / 2 + 5;
  let fromMiB = 0;
  const pieces = PARTS.map((part) => {
    const left = x(fromMiB);
    fromMiB += parts[part];
    const width = x(fromMiB) - left;
    const words = width < LABELLED_FROM_PX ? "" : String(Math.round(parts[part]));
    // At the part's left edge: in its middle it could lie under one of the lines.
    const number = text(left + PAD, middle, words, `on-${part}`, "start", 13);
    return `<rect class="${part}" x="${px(left)}" y="${y}" width="${px(width)}" height="${BAR_HEIGHT}"/>${number}`;
  });
  const name = `<text class="text" x="${LEFT - 12}" y="${middle}" text-anchor="end" font-weight="600">${label}</text>`;
  // Beyond the limit's line, so that the line never crosses it.
  const right = x(Math.max(fromMiB, limitMiB)) + PAD;
  const total = `<text class="text" x="${px(right)}" y="${middle - 8}" font-weight="600">${Math.round(totalMiB)} MiB</text>`;
  const percent = Math.round((100 * totalMiB) / limitMiB);
  return `  ${name}${pieces.join("")}${total}${text(right, middle + 9, `${percent} % of the limit`, "soft", "start", 12)}`;
}

function line(
  name: "limit" | "budget",
  mib: number,
  label: string,
  anchor: "start" | "end",
  x: (mib: number) => number,
  bottom: number,
): string {
  const at = px(x(mib));
  const shift = anchor === "end" ? 4 : -4;
  const dashes = name === "budget" ? ' stroke-dasharray="5 4"' : "";
  return `  <path class="${name}" d="M${at} ${TOP - 14}V${bottom}" stroke-width="2"${dashes}/><text class="${name}-text" x="${px(x(mib) + shift)}" y="${TOP - 20}" text-anchor="${anchor}" font-size="13" font-weight="600">${label}</text>`;
}

function text(x: number, y: number, words: string, style: string, anchor: string, size: number): string {
  return `<text class="${style}" x="${px(x)}" y="${y}" text-anchor="${anchor}" font-size="${size}">${words}</text>`;
}

function px(value: number): string {
  return value.toFixed(1);
}

/** Pure. The bench's JSON as the bars of its picture. */

const accounted = z.object({
  wasmHeapMiB: z.number(),
  v8UsedMiB: z.number(),
  embedderMiB: z.number(),
  backingStorageMiB: z.number(),
  totalMiB: z.number(),
  limitMiB: z.number(),
});
const stages = z.array(z.object({ id: z.string(), after: accounted, peak: accounted.nullable() }));

/** What the picture needs of `npm run bench -- memory --json`. */
export const pictureSchema = z.object({
  bench: z.literal("memory"),
  limitMiB: z.number(),
  budgetMiB: z.number(),
  weightsMiB: z.number(),
  stages,
  plain: z.object({ weightsMiB: z.number(), stages }),
});
export type PictureData = z.infer<typeof pictureSchema>;

export const PARTS = ["weights", "wasm", "js", "buffers"] as const;
export type Part = (typeof PARTS)[number];

export interface Bar {
  label: string;
  parts: Record<Part, number>;
  totalMiB: number;
}

export interface Group {
  title: string;
  bars: Bar[];
}

const MOMENTS = [
  { id: "load", title: "Cold load, at its highest" },
  { id: "tokens-256", title: "Texts of 256 tokens, at their highest" },
] as const;

/** @throws Error when the measurement has no such stage */
export function groups({ stages, weightsMiB, plain }: PictureData): Group[] {
  return MOMENTS.map(({ id, title }) => ({
    title,
    bars: [bar("the plain way", plain.stages, plain.weightsMiB, id), bar("Spillway", stages, weightsMiB, id)],
  }));
}

function bar(label: string, from: PictureData["stages"], weightsMiB: number, id: string): Bar {
  const stage = from.find((one) => one.id === id);
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
