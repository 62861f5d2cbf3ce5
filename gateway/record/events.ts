/** What happens in an isolate besides its answers. Any part of the gateway may report it. Events hold numbers, codes and names only. */
import type { PolicyInForce, PolicySource } from "../../policies/store.ts";
import type { BreakerChange } from "../resilience/breaker/breaker.ts";
import type { FailureReason, SideName } from "../sides.ts";

/** Why a side is called for a text: its first attempt, one of the two kinds of second attempt, or only to compare. */
export type AttemptKind = "first" | "hedge" | "fallback" | "shadow";

/** A load of the edge model ended. Loads that were superseded are not reported. */
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

/** The edge model ran one text. Shadow runs are not reported. */
export interface EdgeRunEnded {
  kind: "edge-run";
  outcome: "ok" | FailureReason;
  queueMs: number;
  runMs: number;
}

/** An origin was called. Shadow calls, and calls that its breaker refused, are not reported. */
export interface OriginCallEnded {
  kind: "origin-call";
  origin: string;
  outcome: "ok" | FailureReason;
  tookMs: number;
}

export interface BreakerChanged extends BreakerChange {
  kind: "breaker";
  side: SideName;
  /** Null where the side is the edge. */
  origin: string | null;
}

export interface PolicyChanged {
  kind: "policy";
  version: number;
  source: PolicySource;
}

/** The stored policy is not in force for this reason, or (null) is in force again. */
export interface PolicyProblemChanged {
  kind: "policy-problem";
  problem: string | null;
}

export interface ShadowCompared {
  kind: "shadow";
  /** The side that did not answer the caller. */
  side: SideName;
  agrees: boolean;
  /** The largest difference between the two sides' scores of one label, 0 to 1. */
  scoreDistance: number;
}

/** An attempt of a text ended and cost money. Attempts that lost and shadow attempts are reported too. */
export interface AttemptPaid {
  kind: "attempt-paid";
  side: SideName;
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

/** Takes an event; returns at once and never throws. */
export type Report = (event: IsolateEvent) => void;

/** The events that the difference between the policy in force and the one before it makes. Pure. */
export function policyEvents(now: PolicyInForce, before: PolicyInForce): (PolicyChanged | PolicyProblemChanged)[] {
  const { source, problem } = now;
  return [
    ...(isSame(now, before) ? [] : [{ kind: "policy" as const, version: now.policy.version, source }]),
    ...(problem === before.problem ? [] : [{ kind: "policy-problem" as const, problem }]),
  ];
}

/** Compares content: each read of KV parses again, and an edit by hand may keep the version. */
function isSame(now: PolicyInForce, before: PolicyInForce): boolean {
  if (now.source !== before.source) return false;
  return now.policy === before.policy || JSON.stringify(now.policy) === JSON.stringify(before.policy);
}
