/** The numbers of the bench `engine` as an SVG that can be read on light and dark pages. Pure; every number comes from the measurement. */
import { z } from "zod";
import { picture, rectangle, label as textAt } from "../../../control-plane/drawing/svg.ts";
import { percentile } from "../../statistics.ts";

/** The part of `npm run bench -- engine --json` that the picture needs. */
export const pictureSchema = z.object({
  bench: z.literal("engine"),
  model: z.string(),
  lengths: z
    .array(
      z.object({
        tokens: z.number(),
        engineMs: z.number(),
        stockMs: z.number(),
        nativeInt8Ms: z.number(),
        nativeFp32Ms: z.number(),
      }),
    )
    .min(2),
  /** Benches before this field have none. */
  batches: z.array(z.object({ texts: z.number(), tokens: z.number(), togetherOverOneByOne: z.number() })).default([]),
  accuracy: z.array(
    z.object({
      model: z.string(),
      texts: z.string(),
      count: z.number(),
      labelsChanged: z.number(),
      stockLabelsChanged: z.number(),
      meanGap: z.number(),
      stockMeanGap: z.number(),
    }),
  ),
  parts: z.array(z.object({ tokens: z.number(), ms: z.record(z.string(), z.number()) })),
});
export type PictureData = z.infer<typeof pictureSchema>;

const WIDTH = 1040;
const HEIGHT = 700;
const PLOT_WIDTH = 300;
const PLOT_HEIGHT = 200;
/** Of the bars of short texts, which have names. */
const BATCHES_WIDTH = 430;
const COLUMNS = [76, 626] as const;
const ROWS = [112, 436] as const;

// One set of colours of middle brightness, because the page's theme and the system's theme, which a media query reads, may differ.
const STYLE = `
    text { fill: #727b86 } .grid { stroke: #8b949e; stroke-opacity: 0.25 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round } .bar text { fill: #ffffff }
    .engine { --c: #2f81f7 } .stock { --c: #d9603b } .int8 { --c: #1a9e6b } .fp32 { --c: #9a6cd8 } .rest { --c: #7d8590 }
    .line { stroke: var(--c) } .fill { fill: var(--c) }
  `;

const SERIES = [
  { key: "stockMs", style: "stock", name: "onnxruntime-web" },
  { key: "nativeFp32Ms", style: "fp32", name: "native FP32" },
  { key: "nativeInt8Ms", style: "int8", name: "native INT8" },
  { key: "engineMs", style: "engine", name: "engine" },
] as const;

/** Kernels by what they do; the rest is one group. */
const GROUPS = [
  { name: "products", legendLeft: 0, style: "engine", kernels: ["gemmStore", "gemmAdd"] },
  { name: "attention", legendLeft: 86, style: "stock", kernels: ["attention", "transposeKeys"] },
  { name: "quantize, activate", legendLeft: 172, style: "int8", kernels: ["quantize"] },
  { name: "other", legendLeft: 312, style: "rest", kernels: null },
] as const;

const TICKS_MS = [1, 3, 10, 30, 100, 300, 1000, 2000] as const;

interface Plot {
  left: number;
  top: number;
}

/** @param data of DistilBERT's size; `more` are other models, of which the accuracy is shown too. @returns the SVG */
export function enginePicture(data: PictureData, more: readonly PictureData[] = []): string {
  const at = (column: 0 | 1, row: 0 | 1): Plot => ({ left: COLUMNS[column], top: ROWS[row] });
  const title = "The edge engine: time by length, time by part, short texts together, accuracy";
  const facts = `${data.model}: 66 million weights, random. Engine and onnxruntime-web in workerd, native in Node, in turn; fastest runs.`;
  return `${picture(
    { width: WIDTH, height: HEIGHT, title, style: STYLE },
    textAt(24, 30, "The edge engine, one thread", { size: 18, bold: true }),
    textAt(24, 52, facts, { size: 12.5 }),
    times(data, at(0, 0)),
    parts(data, at(1, 0)),
    batches(data, at(0, 1)),
    accuracy([data, ...more], at(1, 1)),
  )}\n`;
}

function title({ left, top }: Plot, text: string): string {
  return textAt(left, top - 18, text, { size: 14, bold: true });
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end" = "start"): string {
  return textAt(x, y, text, { anchor });
}

/** Both axes are logarithmic: a line of slope 1 is time in proportion to tokens. */
function times({ lengths }: PictureData, plot: Plot): string {
  const { left, top } = plot;
  const all = lengths.flatMap((row) => SERIES.map(({ key }) => row[key]));
  const fastest = percentile(all, 0);
  const decades = [
    Math.log10(TICKS_MS.findLast((ms) => ms <= fastest) ?? fastest),
    Math.ceil(Math.log10(percentile(all, 100) / 2)) + Math.log10(2),
  ] as const;
  const [first = 1, last = 2] = [lengths[0]?.tokens, lengths.at(-1)?.tokens];
  const x = (tokens: number) => left + (PLOT_WIDTH * Math.log(tokens / first)) / Math.log(last / first);
  const y = (ms: number) => top + PLOT_HEIGHT * (1 - (Math.log10(ms) - decades[0]) / (decades[1] - decades[0]));
  const ticks = TICKS_MS.filter((ms) => y(ms) >= top && y(ms) <= top + PLOT_HEIGHT);
  const grid = ticks.map(
    (ms) =>
      `  <path class="grid" d="M${left} ${px(y(ms))}H${left + PLOT_WIDTH}"/>\n${label(left - 8, y(ms) + 4, `${ms}`, "end")}`,
  );
  const across = lengths.map(({ tokens }) => label(x(tokens), top + PLOT_HEIGHT + 20, `${tokens}`, "middle"));
  // Each line's name is at its end, moved down where the name above it needs the space.
  const ends = SERIES.map((one) => ({ ...one, end: lengths.at(-1)?.[one.key] ?? 0 })).toSorted((a, b) => b.end - a.end);
  let freeFrom = top;
  const lines = ends.map(({ key, style, name, end }) => {
    const points = lengths.map((row) => `${px(x(row.tokens))} ${px(y(row[key]))}`);
    const at = Math.max(y(end) + 4, freeFrom);
    freeFrom = at + 17;
    const text = `<text class="fill" x="${left + PLOT_WIDTH + 12}" y="${px(at)}" font-weight="600">${name} ${Math.round(end)} ms</text>`;
    return `  <g class="${style}"><path class="line" d="M${points.join("L")}"/>${text}</g>`;
  });
  const unit = label(left + PLOT_WIDTH / 2, top + PLOT_HEIGHT + 40, "tokens", "middle");
  return [title(plot, "Time of a text in ms (log scale)"), ...grid, ...across, unit, ...lines].join("\n");
}

function parts({ parts: measured }: PictureData, plot: Plot): string {
  const { left, top } = plot;
  const rows = measured.map(({ tokens, ms }, index) => {
    const total = Object.values(ms).reduce((sum, one) => sum + one, 0);
    const y = top + index * 52;
    let x = left;
    const pieces = GROUPS.map(({ style, kernels }) => {
      const named = new Set<string>(kernels ?? GROUPS.flatMap((group) => group.kernels ?? []));
      const spent = Object.entries(ms).reduce(
        (sum, [kernel, one]) => sum + (named.has(kernel) === (kernels !== null) ? one : 0),
        0,
      );
      const width = (PLOT_WIDTH * spent) / total;
      const percent =
        width < 32 ? "" : `<text x="${px(x + 8)}" y="${y + 22}">${Math.round((100 * spent) / total)} %</text>`;
      const piece = `<g class="${style} bar"><rect class="fill" x="${px(x)}" y="${y}" width="${px(width)}" height="34"/>${percent}</g>`;
      x += width;
      return piece;
    });
    return `${label(left - 8, y + 22, `${tokens}`, "end")}${pieces.join("")}${label(left + PLOT_WIDTH + 10, y + 22, `${Math.round(total)} ms`)}`;
  });
  const legend = GROUPS.map(({ name, style, legendLeft }) => swatch(left + legendLeft, top + 178, style, name));
  return [title(plot, "Where the time goes, by tokens (in Node)"), ...rows, ...legend].join("\n");
}

function swatch(x: number, y: number, style: string, name: string): string {
  return `  <g class="${style}">${rectangle({ x, y: y - 10, width: 11, height: 11 }, "fill", 2)}</g>${label(x + 16, y, name)}`;
}

function batches({ batches: rows }: PictureData, plot: Plot): string {
  if (rows.length === 0) return "";
  const { left, top } = plot;
  const y = (ratio: number) => top + PLOT_HEIGHT * (1 - ratio);
  const step = BATCHES_WIDTH / Math.max(1, rows.length);
  const grid = [0, 0.5, 1].map(
    (ratio) =>
      `  <path class="grid" d="M${left} ${y(ratio)}H${left + BATCHES_WIDTH}"/>\n${label(left - 8, y(ratio) + 4, `${ratio}`, "end")}`,
  );
  const bars = rows.map(({ texts, tokens, togetherOverOneByOne: ratio }, index) => {
    const x = left + index * step + 3;
    const name = `${label(x + step / 2 - 3, top + PLOT_HEIGHT + 18, `${texts} × ${tokens}`, "middle")}`;
    const bar = `<rect class="fill" x="${px(x)}" y="${px(y(ratio))}" width="${px(step - 6)}" height="${px(top + PLOT_HEIGHT - y(ratio))}"/>`;
    return `  <g class="engine bar">${bar}<text x="${px(x + step / 2 - 3)}" y="${px(y(ratio) + 16)}" text-anchor="middle">${ratio}</text></g>${name}`;
  });
  const unit = label(left + BATCHES_WIDTH / 2, top + PLOT_HEIGHT + 38, "texts × tokens of each", "middle");
  return [title(plot, "Short texts as one run, over one after another"), ...grid, ...bars, unit].join("\n");
}

function accuracy(all: readonly PictureData[], plot: Plot): string {
  const { left, top } = plot;
  const rows = all.flatMap((data) => data.accuracy);
  const most = Math.max(...rows.flatMap(({ meanGap, stockMeanGap }) => [meanGap, stockMeanGap]));
  const bar = (gap: number, changed: number, style: string, y: number) => {
    const width = (PLOT_WIDTH * gap) / most;
    const text = label(left + width + 8, y + 14, `${gap.toFixed(3)}, ${changed} labels`);
    return `<g class="${style}"><rect class="fill" x="${left}" y="${y}" width="${px(width)}" height="20"/></g>${text}`;
  };
  const groups = rows.map(({ model, texts, count, ...gap }, index) => {
    const y = top + index * 84;
    const name = label(left, y + 8, `${model}: ${count} ${texts}`);
    return [
      name,
      `  ${bar(gap.meanGap, gap.labelsChanged, "engine", y + 16)}`,
      `  ${bar(gap.stockMeanGap, gap.stockLabelsChanged, "stock", y + 40)}`,
    ].join("\n");
  });
  const y = top + rows.length * 84 + 14;
  const legend = [swatch(left, y, "engine", "engine"), swatch(left + 92, y, "stock", "onnxruntime's own INT8")];
  return [title(plot, "Against FP32: a logit's mean gap, labels changed"), ...groups, ...legend].join("\n");
}

function px(value: number): string {
  return value.toFixed(1);
}
