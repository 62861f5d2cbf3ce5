/**
 * Pure: the cost of a request by the price list, in US dollars. It is an estimate without a plan's included allotments and without
 * egress; docs/reference/telemetry-spans.md lists the rest.
 */
import type { OriginUsage } from "../../formats/origin-wire.ts";
import type { FailureReason } from "../sides.ts";

/** CPU time of the gateway's own work for one request, tracing included. Measured in workerd: 0.4 ms to the edge, 1 ms to an origin. */
export const GATEWAY_CPU_MS = 1;
/** The function's memory if its answer does not report it. */
export const DEFAULT_MEMORY_MIB = 3008;

/** The request itself, without the attempts for its texts. */
export function requestCostUsd(kvReads: number): number {
  return USD_PER.workerRequest + GATEWAY_CPU_MS * USD_PER.workerCpuMs + kvReads * USD_PER.kvRead;
}

export interface EdgeRun {
  /** As measured, for a run that was ended early until its end; null if nothing was measured. */
  runMs: number | null;
  predictedMs: number;
  /** Null for an answer. */
  failure: FailureReason | null;
}

/** Failures of a run that had begun. */
const BEGUN: ReadonlySet<FailureReason> = new Set(["out-of-memory", "engine-error", "crashed"]);

/**
 * A run's time counts as CPU time, also what other requests did in its pauses. A measurement of 0 means that the clock did not move.
 */
export function edgeCostUsd({ runMs, predictedMs, failure }: EdgeRun): number {
  if (failure !== null && !BEGUN.has(failure)) return (runMs ?? 0) * USD_PER.workerCpuMs;
  return (runMs || predictedMs) * USD_PER.workerCpuMs;
}

export interface OriginCall {
  usage: OriginUsage | undefined;
  roundTripMs: number;
  /** Null for an answer. */
  failure: FailureReason | null;
}

/** AWS refused these calls, or they were never sent: no function ran. */
const NOT_RUN: ReadonlySet<FailureReason> = new Set([
  "breaker-open",
  "origin-gone",
  "origin-busy",
  "http-403",
  "http-429",
]);

/** `isAssumed`: the function reported no usage, so its time is the round trip's and its memory the default. */
export function originCost({ usage, roundTripMs, failure }: OriginCall): { usd: number; isAssumed: boolean } {
  if (failure !== null && NOT_RUN.has(failure)) return { usd: 0, isAssumed: false };
  const { durationMs, initMs, memoryMiB } = usage ?? {
    durationMs: roundTripMs,
    initMs: 0,
    memoryMiB: DEFAULT_MEMORY_MIB,
  };
  // Billed by the whole millisecond.
  const gbSeconds = (memoryMiB / 1024) * (Math.ceil(durationMs + initMs) / 1000);
  return { usd: USD_PER.lambdaRequest + gbSeconds * USD_PER.lambdaGbSecond, isAssumed: usage === undefined };
}

/**
 * List prices in US dollars, as of 2026-11-24. An estimate is only as good as its date.
 * - Workers (paid plan): https://developers.cloudflare.com/workers/platform/pricing/
 * - KV: https://developers.cloudflare.com/kv/platform/pricing/
 * - Lambda, x86, us-east-1, first tier; INIT is billed as duration: https://aws.amazon.com/lambda/pricing/
 */
const MILLION = 1e6;

export const USD_PER = {
  workerRequest: 0.3 / MILLION,
  workerCpuMs: 0.02 / MILLION,
  kvRead: 0.5 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.000_016_666_7,
} as const;
