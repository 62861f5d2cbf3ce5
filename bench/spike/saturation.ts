/** Pure. How much one isolate can take: arrivals a second at which the edge, given all that fits it, is never idle. */
import { RunEstimate } from "../../gateway/edge/estimate.ts";
import { tenths } from "../statistics.ts";
import type { EdgeNumbers } from "./isolate.ts";
import { trafficOf } from "./traffic.ts";

/** Enough texts for a mean that is right to a percent. */
const SAMPLE = { seed: 0, ratePerSecond: 50, seconds: 400 };

export function saturationPerSecond({ maxTokens, timeMs }: EdgeNumbers, policyMaxTokens: number): number {
  const model = new RunEstimate(timeMs);
  const texts = trafficOf(SAMPLE);
  const fitting = texts.filter(({ tokens }) => tokens <= Math.min(maxTokens, policyMaxTokens));
  const busyMs = fitting.reduce((sum, { tokens, runNoise }) => sum + model.predictedMs(tokens) * runNoise, 0);
  return tenths((1000 * texts.length) / busyMs);
}
