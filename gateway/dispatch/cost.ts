/**
 * Pure: what a request and its attempts are billed for; formats/ledger/prices.ts has the prices. An estimate without egress:
 * docs/reference/telemetry-spans.md lists the rest.
 */
import type { Billed } from "../../formats/ledger/prices.ts";
import type { OriginUsage } from "../../formats/origin-wire.ts";
import type { FailureReason } from "../sides.ts";

/** CPU time of the gateway's own work for one request, tracing included. Measured in workerd: 0.4 ms to the edge, 1 ms to an origin. */
export const GATEWAY_CPU_MS = 1;
/** The function's memory if its answer does not report it. */
export const DEFAULT_MEMORY_MIB = 3008;

/** The request itself, without the attempts for its texts. */
export function requestBilled(kvReads: number): Billed[] {
  return [
    { usage: "worker-requests", quantity: 1 },
    { usage: "gateway-cpu-us", quantity: inUs(GATEWAY_CPU_MS) },
    ...(kvReads > 0 ? [{ usage: "kv-reads" as const, quantity: kvReads }] : []),
  ];
}

export interface EdgeRun {
  /** As measured, for a run that was ended early until its end; null if nothing was measured. */
  runMs: number | null;
  predictedMs: number;
  /** Null for an answer. */
  failure: FailureReason | null;
  isShadow: boolean;
}

/** Failures of a run that had begun. */
const BEGUN: ReadonlySet<FailureReason> = new Set(["out-of-memory", "engine-error", "crashed"]);

/**
 * A run's time counts as CPU time, also what other requests did in its pauses. A measurement of 0 means that the clock did not move.
 * Empty for a run that did not begin.
 */
export function edgeBilled({ runMs, predictedMs, failure, isShadow }: EdgeRun): Billed[] {
  const hasBegun = failure === null || BEGUN.has(failure);
  const cpuMs = hasBegun ? runMs || predictedMs : (runMs ?? 0);
  if (cpuMs === 0) return [];
  return [{ usage: isShadow ? "shadow-cpu-us" : "edge-cpu-us", quantity: inUs(cpuMs) }];
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
export function originBilled({ usage, roundTripMs, failure }: OriginCall): { billed: Billed[]; isAssumed: boolean } {
  if (failure !== null && NOT_RUN.has(failure)) return { billed: [], isAssumed: false };
  const { durationMs, initMs, memoryMiB } = usage ?? {
    durationMs: roundTripMs,
    initMs: 0,
    memoryMiB: DEFAULT_MEMORY_MIB,
  };
  // Billed by the whole millisecond.
  const mibMs = memoryMiB * Math.ceil(durationMs + initMs);
  return {
    billed: [
      { usage: "origin-requests", quantity: 1 },
      { usage: "origin-mib-ms", quantity: mibMs },
    ],
    isAssumed: usage === undefined,
  };
}

function inUs(ms: number): number {
  return Math.round(ms * 1000);
}
