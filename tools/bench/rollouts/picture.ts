/** Eligible texts until the verdict, for each simulated kind of rollout and rate, as an SVG. Pure; every number comes from the bench. */
import { z } from "zod";
import { horizontalAxis, logAxis } from "../../../control-plane/drawing/axes.ts";
import { legend } from "../../../control-plane/drawing/legend.ts";
import { PICTURE_STYLE, type Tone } from "../../../control-plane/drawing/style.ts";
import { type Box, dot, label, path, picture } from "../../../control-plane/drawing/svg.ts";
import { count } from "../../../control-plane/report/numbers.ts";
import { ROLLOUT_STATES } from "../../../control-plane/rollout/types.ts";

const rowSchema = z.object({
  scenario: z.string(),
  ratePerSecond: z.number(),
  runs: z.number(),
  ended: z.partialRecord(z.enum(ROLLOUT_STATES), z.number()),
  textsToVerdict: z.object({ state: z.enum(ROLLOUT_STATES), p10: z.number(), p50: z.number(), p90: z.number() }),
});
/** The part of `npm run bench -- rollouts --json` that the picture needs. */
export const pictureSchema = z.object({ bench: z.literal("rollouts"), rows: z.array(rowSchema).min(1) });
export type PictureData = z.infer<typeof pictureSchema>;
type Row = PictureData["rows"][number];

const TONES: Partial<Record<Row["textsToVerdict"]["state"], Tone>> = {
  failed: "orange",
  succeeded: "green",
  paused: "grey",
};
const LEGEND = [
  { name: "failed, rolled back", tone: "orange" },
  { name: "succeeded", tone: "green" },
  { name: "paused undecided after 7 days in a step", tone: "grey" },
] as const;

const WIDTH = 1000;
const TOP = 104;
const NAMES_WIDTH = 290;
const ROW_HEIGHT = 20;
const GROUP_GAP = 12;
const CAP = 4;

/** @returns the SVG: a dot is the median of the runs with the most frequent end, its line holds 80 % of them */
export function rolloutsPicture({ rows }: PictureData): string {
  const scenarios = [...Map.groupBy(rows, ({ scenario }) => scenario)];
  const height = scenarios.reduce((sum, [, group]) => sum + group.length * ROW_HEIGHT + GROUP_GAP, 0);
  const plot: Box = { x: NAMES_WIDTH, y: TOP, width: WIDTH - NAMES_WIDTH - 180, height };
  const bounds = rows.flatMap(({ textsToVerdict: { p10, p90 } }) => [p10, p90]);
  const { scale, ticks } = logAxis(Math.min(...bounds), Math.max(...bounds), [plot.x, plot.x + plot.width]);
  let y = TOP + GROUP_GAP / 2;
  const drawn = scenarios.flatMap(([name, group]) => {
    const title = label(24, y + ROW_HEIGHT * 0.7, name, { as: "ink", bold: true });
    const lines = group.map((row, at) => rowOf(row, y + (at + 0.5) * ROW_HEIGHT, scale, plot));
    y += group.length * ROW_HEIGHT + GROUP_GAP;
    return [title, ...lines];
  });
  const title = "Eligible texts until the verdict of a simulated rollout";
  return `${picture(
    { width: WIDTH, height: TOP + height + 62, title, style: PICTURE_STYLE },
    label(24, 30, title, { size: 18, bold: true }),
    label(24, 52, "Median and 80 % of the runs, at 1, 10 and 100 texts a second; right: runs with this end"),
    legend(LEGEND, 24, 66, WIDTH - 48).markup,
    horizontalAxis(plot, { scale, ticks, write: count, unit: "texts of both arms (log scale)" }),
    ...drawn,
  )}\n`;
}

function rowOf(
  { ratePerSecond, runs, ended, textsToVerdict }: Row,
  y: number,
  scale: (value: number) => number,
  plot: Box,
) {
  const { state, p10, p50, p90 } = textsToVerdict;
  const tone = TONES[state] ?? "purple";
  const [from, to] = [scale(p10), scale(p90)];
  const caps = `M${from} ${y - CAP}v${2 * CAP}M${to} ${y - CAP}v${2 * CAP}`;
  return (
    label(plot.x - 12, y + 4, `${ratePerSecond}/s`, { anchor: "end" }) +
    path(`M${from} ${y}H${to}${caps}`, `${tone} curve`) +
    dot(scale(p50), y, `${tone} fill`, 4) +
    label(plot.x + plot.width + 12, y + 4, `${count(ended[state] ?? 0)} of ${count(runs)} ${state}`)
  );
}
