/** Pure. What the bench says to people. */
import type { Table } from "../table.ts";
import type { RateSpec, Summary } from "./measure.ts";
import { POLICY_NAMES, SPIKE_POLICIES } from "./policies.ts";
import { ASSUMPTIONS } from "./traffic.ts";

const REASONS = ["too-long", "edge-busy", "edge-slow"] as const;

export function spikeTables(rows: readonly Summary[]): Table[] {
  return POLICY_NAMES.map((way) => ({
    title: `${way}: ${JSON.stringify(SPIKE_POLICIES[way])}`,
    header: [
      "requests/s",
      "texts",
      "edge wait p50",
      "p95",
      "max, ms",
      "answer p50",
      "p95, ms",
      "origin %",
      ...REASONS.map((because) => `${because} %`),
    ],
    rows: rows
      .filter((row) => row.way === way)
      .map(({ ratePerSecond, arrivals, edgeWaitMs, answerMs, originPercent }) => [
        ratePerSecond,
        arrivals,
        edgeWaitMs.p50,
        edgeWaitMs.p95,
        edgeWaitMs.max,
        answerMs.p50,
        answerMs.p95,
        originPercent.total,
        ...REASONS.map((because) => originPercent.byReason[because] ?? 0),
      ]),
  }));
}

export function spikeNotes({
  model,
  seed,
  seconds,
  spikes,
  saturationPerSecond,
}: RateSpec & { model: string; saturationPerSecond: number }): string[] {
  const { tokens, runNoiseSigma, origin } = ASSUMPTIONS;
  return [
    `A simulation with a clock of its own: the gateway's decide, queue, estimate and recent P95, with run times by the time model of ${model}. Nothing of this machine is in the numbers.`,
    `Each row is ${spikes} spikes of ${seconds} s with Poisson arrivals, seeds ${seed} to ${seed + spikes - 1}, each on a ready and idle isolate; all ways meet the same texts.`,
    `From ${saturationPerSecond} requests a second on, the texts that fit keep one isolate busy without a pause.`,
    `Assumed: texts lognormal with a median of ${tokens.median} tokens (sigma ${tokens.sigma}), runs with a noise of sigma ${runNoiseSigma} around the model, the origin lognormal with a median of ${origin.warmMs.median} ms (sigma ${origin.warmMs.sigma}) and ${origin.coldPercent} % cold starts of ${origin.coldMs.min} to ${origin.coldMs.max} ms more.`,
    "A wait is from arrival to the beginning of the inference; an inference that blocks the thread meanwhile is part of it.",
  ];
}
