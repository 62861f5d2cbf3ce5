/** Pure. The bench's JSON as the bars of its picture. */
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
