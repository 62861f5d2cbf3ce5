/** Pure. Every way at one rate, each meeting the same spikes. */

import type { TokenModel } from "../../../formats/model-package/manifest.ts";
import { RunEstimate } from "../../../gateway/edge/run-estimate.ts";
import type { Policy } from "../../../policies/schema.ts";
import { percentile, tenths } from "../statistics.ts";
import { type Answered, type EdgeNumbers, SimulatedIsolate } from "./isolate.ts";
import { POLICY_NAMES, type PolicyName, policyOf } from "./policies.ts";
import { type ArrivingText, trafficOf } from "./traffic.ts";

export const RATES_PER_SECOND = [1, 2, 5, 10, 15, 20, 25, 30, 40, 50] as const;

export interface RateSpec {
  edge: EdgeNumbers;
  /** The first spike's; the others' follow it. */
  seed: number;
  /** Of one spike; each starts with an isolate that is ready and idle. */
  seconds: number;
  /** At each rate. */
  spikes: number;
}

export async function measureRate(ratePerSecond: number, asked: RateSpec): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (const way of POLICY_NAMES)
    summaries.push(summarize(way, ratePerSecond, await allSpikes(way, ratePerSecond, asked)));
  return summaries;
}

async function allSpikes(
  way: PolicyName,
  ratePerSecond: number,
  { edge, seed, seconds, spikes }: RateSpec,
): Promise<readonly Answered[]> {
  const policy = policyOf(way);
  const answered: Answered[] = [];
  for (let spike = 0; spike < spikes; spike++) {
    const texts = trafficOf({ seed: seed + spike, ratePerSecond, seconds });
    answered.push(...(await simulate({ texts, policy, edge })));
  }
  return answered;
}

/** Pure. What one way did at one rate, in numbers. */

export interface Summary {
  way: PolicyName;
  ratePerSecond: number;
  arrivals: number;
  edge: number;
  origin: number;
  /** Of the texts that the edge answered: from arrival to the beginning of the inference. */
  edgeWaitMs: { p50: number; p95: number; max: number };
  /** Of all texts: from arrival to answer. */
  answerMs: { p50: number; p95: number };
  /** Percent of all texts, and of that by reason. */
  originPercent: { total: number; byReason: Readonly<Record<string, number>> };
}

/** @throws RangeError when the edge answered nothing */
export function summarize(way: PolicyName, ratePerSecond: number, answered: readonly Answered[]): Summary {
  const edgeWaits = answered.filter(({ side }) => side === "edge").map(({ waitMs }) => waitMs);
  const answers = answered.map(({ answerMs }) => answerMs);
  const spilled = answered.filter(({ side }) => side === "origin");
  const percentOfAll = (count: number) => tenths((100 * count) / answered.length);
  const reasons = Object.entries(Object.groupBy(spilled, ({ because }) => because));
  return {
    way,
    ratePerSecond,
    arrivals: answered.length,
    edge: edgeWaits.length,
    origin: spilled.length,
    edgeWaitMs: {
      p50: tenths(percentile(edgeWaits, 50)),
      p95: tenths(percentile(edgeWaits, 95)),
      max: tenths(percentile(edgeWaits, 100)),
    },
    answerMs: { p50: tenths(percentile(answers, 50)), p95: tenths(percentile(answers, 95)) },
    originPercent: {
      total: percentOfAll(spilled.length),
      byReason: Object.fromEntries(reasons.map(([because, texts]) => [because, percentOfAll(texts.length)])),
    },
  };
}

/** Pure: the same texts and policy give the same answers, on any machine. */

export interface Simulated {
  texts: readonly ArrivingText[];
  policy: Policy;
  edge: EdgeNumbers;
  /** How long runs really take, before noise; as the package says when it is left out. */
  trueTimeMs?: TokenModel;
}

/** Every text, in the order of their answers. */
export async function simulate({
  texts,
  policy,
  edge,
  trueTimeMs = edge.timeMs,
}: Simulated): Promise<readonly Answered[]> {
  const isolate = new SimulatedIsolate(policy, edge, trueTimeMs);
  for (const text of texts) isolate.expect(text);
  await isolate.runToEnd();
  return isolate.answered;
}

/** Pure. How much one isolate can take: arrivals a second at which the edge, given all that fits it, is never idle. */

/** Enough texts for a mean that is right to a percent. */
const SAMPLE = { seed: 0, ratePerSecond: 50, seconds: 400 };

export function saturationPerSecond({ maxTokens, timeMs }: EdgeNumbers, policyMaxTokens: number): number {
  const model = new RunEstimate(timeMs);
  const texts = trafficOf(SAMPLE);
  const fitting = texts.filter(({ tokens }) => tokens <= Math.min(maxTokens, policyMaxTokens));
  const busyMs = fitting.reduce((sum, { tokens, runNoise }) => sum + model.predictedMs(tokens) * runNoise, 0);
  return tenths((1000 * texts.length) / busyMs);
}
