/** What happens in an isolate besides its answers. Rooms report it and never ask what becomes of it. Numbers, codes and names alone. */
import type { PolicyInForce, PolicySource } from "../../policies/store.ts";
import type { Side } from "../decide/route.ts";
import type { AttemptKind } from "../dispatch/attempt.ts";
import type { BreakerChange } from "../resilience/breaker/breaker.ts";
import type { FailureReason } from "../sides.ts";

/** A load of the edge model came to its end, and was still wanted. */
export interface EdgeLoadEnded {
  kind: "edge-load";
  result: "ready" | "rejected" | "failed";
  /** Null when it is ready. */
  reason: string | null;
  model: string;
  loadMs: number;
  /** 0 unless it is ready. */
  heapBytes: number;
}

/** One text was run by the edge model; comparisons are not reported. */
export interface EdgeRunEnded {
  kind: "edge-run";
  outcome: "ok" | FailureReason;
  queueMs: number;
  runMs: number;
}

/** An origin was called; comparisons, and calls that its breaker refused, are not reported. */
export interface OriginCallEnded {
  kind: "origin-call";
  origin: string;
  outcome: "ok" | FailureReason;
  tookMs: number;
}

export interface BreakerChanged extends BreakerChange {
  kind: "breaker";
  side: Side;
  /** Null where the side is the edge. */
  origin: string | null;
}

export interface PolicyChanged {
  kind: "policy";
  version: number;
  source: PolicySource;
}

/** What is stored stopped being what is in force, or (null) is it again. */
export interface PolicyProblemChanged {
  kind: "policy-problem";
  problem: string | null;
}

export interface ShadowCompared {
  kind: "shadow";
  /** The one that was only compared. */
  side: Side;
  agrees: boolean;
  /** The largest difference of one label's two scores, 0 to 1. */
  scoreDistance: number;
}

/** A try of a text is over, whoever waited for it: losers and comparisons cost money too. */
export interface AttemptPaid {
  kind: "try-paid";
  side: Side;
  attemptKind: AttemptKind;
  costUsd: number;
}

export type IsolateEvent =
  | EdgeLoadEnded
  | EdgeRunEnded
  | OriginCallEnded
  | BreakerChanged
  | PolicyChanged
  | PolicyProblemChanged
  | ShadowCompared
  | AttemptPaid;

export type Report = (event: IsolateEvent) => void;

/** What an isolate's policy of now and the one before it differ in, as events. Pure. */

export function policyEvents(now: PolicyInForce, before: PolicyInForce): (PolicyChanged | PolicyProblemChanged)[] {
  const { source, problem } = now;
  return [
    ...(isSame(now, before) ? [] : [{ kind: "policy" as const, version: now.policy.version, source }]),
    ...(problem === before.problem ? [] : [{ kind: "policy-problem" as const, problem }]),
  ];
}

/** Each reading of KV parses anew, and an edit by hand may keep its version: only the content tells. */
function isSame(now: PolicyInForce, before: PolicyInForce): boolean {
  if (now.source !== before.source) return false;
  return now.policy === before.policy || JSON.stringify(now.policy) === JSON.stringify(before.policy);
}
