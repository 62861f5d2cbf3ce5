/** Every policy at one rate of requests, each with the same spikes. Pure. */
import { RunEstimate } from "../../../gateway/edge/run-estimate.ts";
import { type Answer, type EdgeNumbers, simulate } from "../../simulation/isolate.ts";
import { percentile, tenths } from "../../statistics.ts";
import { POLICY_NAMES, type PolicyName, policyOf } from "./policies.ts";
import { trafficOf } from "./traffic.ts";

export const RATES_PER_SECOND = [1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100] as const;

export interface RateSpec {
  edge: EdgeNumbers;
  /** Of the first spike; the next spikes have the next seeds. */
  seed: number;
  /** Of one spike. Each begins with an isolate that is ready and idle. */
  seconds: number;
  /** At each rate. */
  spikes: number;
}

export interface Summary {
  /** The policy. `way` is its name in the bench's JSON. */
  way: PolicyName;
  ratePerSecond: number;
  arrivals: number;
  edge: number;
  origin: number;
  /** Of the texts that the edge answered: from the arrival to the start of the inference. */
  edgeWaitMs: { p50: number; p95: number; max: number };
  /** Of all texts: from the arrival to the answer. */
  answerMs: { p50: number; p95: number };
  /** Percent of all texts, in total and by reason. */
  originPercent: { total: number; byReason: Readonly<Record<string, number>> };
}

/** @returns a summary per policy */
export async function measureRate(ratePerSecond: number, spec: RateSpec): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (const policy of POLICY_NAMES) {
    summaries.push(summarize(policy, ratePerSecond, await answersOf(policy, ratePerSecond, spec)));
  }
  return summaries;
}

async function answersOf(
  policyName: PolicyName,
  ratePerSecond: number,
  { edge, seed, seconds, spikes }: RateSpec,
): Promise<readonly Answer[]> {
  const policy = policyOf(policyName);
  const answers: Answer[] = [];
  for (let spike = 0; spike < spikes; spike++) {
    const texts = trafficOf({ seed: seed + spike, ratePerSecond, seconds });
    answers.push(...(await simulate({ texts, policy, edge })));
  }
  return answers;
}

/** @throws RangeError if the edge answered no text */
export function summarize(policy: PolicyName, ratePerSecond: number, answers: readonly Answer[]): Summary {
  const edgeWaits = answers.filter(({ side }) => side === "edge").map(({ waitMs }) => waitMs);
  const answerTimes = answers.map(({ answerMs }) => answerMs);
  const spilled = answers.filter(({ side }) => side === "origin");
  const percentOfAll = (count: number) => tenths((100 * count) / answers.length);
  const reasons = Object.entries(Object.groupBy(spilled, ({ because }) => because));
  return {
    way: policy,
    ratePerSecond,
    arrivals: answers.length,
    edge: edgeWaits.length,
    origin: spilled.length,
    edgeWaitMs: {
      p50: tenths(percentile(edgeWaits, 50)),
      p95: tenths(percentile(edgeWaits, 95)),
      max: tenths(percentile(edgeWaits, 100)),
    },
    answerMs: { p50: tenths(percentile(answerTimes, 50)), p95: tenths(percentile(answerTimes, 95)) },
    originPercent: {
      total: percentOfAll(spilled.length),
      byReason: Object.fromEntries(reasons.map(([because, texts]) => [because, percentOfAll(texts.length)])),
    },
  };
}

/** Enough texts for a mean within one percent. */
const SATURATION_SAMPLE = { seed: 0, ratePerSecond: 50, seconds: 400 };

/** @returns the arrivals per second at which one isolate is never idle, if the edge runs every text that fits it */
export function saturationPerSecond({ maxTokens, timeMs }: EdgeNumbers, policyMaxTokens: number): number {
  const model = new RunEstimate(timeMs);
  const texts = trafficOf(SATURATION_SAMPLE);
  const fitting = texts.filter(({ tokens }) => tokens <= Math.min(maxTokens, policyMaxTokens));
  const busyMs = fitting.reduce((sum, { tokens, runNoise }) => sum + model.predictedMs(tokens) * runNoise, 0);
  return tenths((1000 * texts.length) / busyMs);
}
