/** What happens in an isolate besides its answers. Any part of the gateway may report it. Events hold numbers, codes and names only. */
import type { Billed } from "../../formats/ledger/prices.ts";
import type { RecordedArm } from "../../formats/ledger/series.ts";
import type { PolicyInForce, PolicySource } from "../../policies/store.ts";
import type { BreakerChange } from "../resilience/breaker/breaker.ts";
import type { FailureReason, SideName } from "../sides.ts";
import type { Outcome } from "./outcome.ts";

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

/** This isolate tried the policy's candidate and does not run it; it runs the policy's model. */
export interface CandidateRejected {
  kind: "candidate-rejected";
  model: string;
  reason: string;
  policyVersion: number;
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
  arm: RecordedArm;
  policyVersion: number;
  /** The edge's model. */
  model: string;
  /** Whether this isolate has compared the same text before. */
  isRepeated: boolean;
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
  /** The origin's name; null where the side is the edge. */
  origin: string | null;
  attemptKind: AttemptKind;
  /** The arm of its text. */
  arm: RecordedArm;
  policyVersion: number;
  billed: readonly Billed[];
  /** Of `billed`. */
  costUsd: number;
}

/** The work of a load of the edge model ended, the runs that warm it up included. Loads that were superseded are reported too. */
export interface EdgeLoadPaid {
  kind: "edge-load-paid";
  model: string;
  billed: readonly Billed[];
}

/** How a text ended: `failed` for an answer of 5xx, `refused` for one that refuses the text itself, `gone` for a caller that hung up. */
export type TextOutcome = "ok" | "gone" | `failed:${string}` | `refused:${string}`;

/** A text was classified, or refused. Each text whose turn came is reported exactly once. */
export interface TextEnded {
  kind: "text-ended";
  arm: RecordedArm;
  /** Null if no side answered. */
  side: SideName | null;
  /** Null unless an origin answered. */
  origin: string | null;
  /** The route's reason; of a text that was not answered, the refusal's. */
  because: string;
  outcome: TextOutcome;
  /** From the text's admission to its end: without the request's body, and without the texts before it. */
  tookMs: number;
  /** Time at the edge without its run; null unless the edge answered. */
  queueMs: number | null;
  policyVersion: number;
  /** Null if no side answered. */
  model: string | null;
  /** The model that the isolate runs or is to run; null unless the policy has a candidate. */
  assignedModel: string | null;
  /** The caller's country as Cloudflare reports it; null if it is unknown. */
  country: string | null;
}

/** A request with a valid key was accepted: the key is right, and its rate is not used up. */
export interface KeyUsed {
  kind: "key-used";
  /** Public: lists and traces show it. */
  keyId: string;
}

/** A request was answered, or refused. Probes are not reported. */
export interface RequestEnded {
  kind: "request-ended";
  outcome: Outcome;
  tookMs: number;
}

export type IsolateEvent =
  | EdgeLoadEnded
  | CandidateRejected
  | EdgeRunEnded
  | OriginCallEnded
  | BreakerChanged
  | PolicyChanged
  | PolicyProblemChanged
  | ShadowCompared
  | AttemptPaid
  | EdgeLoadPaid
  | TextEnded
  | KeyUsed
  | RequestEnded;

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
