/** Pure. What the picture needs of `npm run bench -- spike --json`, as lines. */
import { z } from "zod";
import { WAY_NAMES, type WayName } from "./ways.ts";

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
        way: z.enum(WAY_NAMES),
        ratePerSecond: z.number(),
        edgeWaitMs: z.object({ p95: z.number() }),
        originPercent: z.object({ total: z.number() }),
      }),
    )
    .min(1),
});
export type PictureData = z.infer<typeof pictureSchema>;

/** Those that are drawn; a budget of 800 ms would lie on the line of none. */
export const DRAWN = ["plain", "adaptive", "adaptive-budget-200"] as const satisfies readonly WayName[];
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
