/** Pure. The candidate: a model that part of the isolates run instead of the policy's `model`, to try it. docs/decisions/040-a-candidate-by-isolate.md */
import * as z from "zod";
import { modelId, percent } from "./fields.ts";

const BASIS_POINTS = 10_000;

export const candidateSchema = z.strictObject({
  model: modelId.describe("Model package to try. Its labels must be those of `model`: an isolate rejects others."),
  share: percent.describe(
    "Percentage of isolates that run it, up to two decimals. Each isolate has one random number: a larger share adds isolates, a lower one returns some to `model`, and 0 all.",
  ),
});
export type Candidate = z.infer<typeof candidateSchema>;

/** The number of an isolate, 0 to 9,999, drawn once. @param random from [0, 1) */
export function drawBasisPoints(random: number): number {
  return Math.floor(random * BASIS_POINTS);
}

/** Whether an isolate runs the candidate. Monotone in the share: an isolate inside 10 % is inside every larger share too. */
export function isSelected({ share }: Candidate, basisPoints: number): boolean {
  return basisPoints < Math.round(share * 100);
}
