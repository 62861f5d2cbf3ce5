/** The port of both sides: what the edge and an origin offer to the request path, and what an attempt on either comes to. */
import type { AcceptedGap } from "../formats/model-package/manifest.ts";
import type { OriginAccount } from "../formats/origin-wire.ts";
import type { TextOrPair } from "../formats/tokenizer/tokenizer.ts";
import type { Policy } from "../policies/schema.ts";
import type { Lifetime } from "./call.ts";
import type { BreakerStatus } from "./resilience/breaker/breaker.ts";

export type SideName = "edge" | "origin";

/** Why a side did not answer: short codes for the trace. docs/reference/codes.md lists what each means and what to check. */
export const FAILURE_REASONS = [
  "timeout",
  "network",
  "bad-answer",
  "labels-differ",
  "problem-type-differs",
  "model-unavailable",
  "origin-gone",
  "origin-busy",
  "breaker-open",
  "out-of-memory",
  "engine-error",
  "crashed",
  "edge-cold",
  "edge-loading",
  "edge-failed",
  "edge-rejected",
  "edge-too-long",
  "edge-no-tokenizer",
  "no-pairs",
  "lost-to-other-side",
  "caller-gone",
] as const;

/** `http-…`: the status that the origin answered with instead of 200. */
export type FailureReason = (typeof FAILURE_REASONS)[number] | `http-${number}`;

/** A model as callers know it: its name, and what its logits mean. */
export interface Classifier {
  /** `<name>@<sha256>` */
  model: string;
  labels: readonly string[];
  problemType: "single_label_classification" | "multi_label_classification";
}

/** What an attempt used, whatever came of it: for its span and its price. Its own members are of the edge. */
export interface AttemptAccount extends OriginAccount {
  tokens?: number;
  predictedMs?: number;
  /** How long a run had lasted when it was ended early. */
  ranMs?: number;
}

/** A side's answer for one text: one row of logits per window (the edge has one window). */
export interface SideAnswer extends Classifier, AttemptAccount {
  /** `tokens` counts content tokens, without special ones. */
  windows: readonly { tokens: number; logits: readonly number[] }[];
  /** Of an origin: the special tokens of the text; absent if it does not report them. */
  specialTokens?: number | undefined;
  /** Milliseconds, for `server-timing` and the trace. `queueMs`: the wait for the edge's model; absent at an origin. */
  timings: { queueMs?: number; runMs: number };
}

/** Why a side did not answer. */
export interface SideFailure extends AttemptAccount {
  reason: FailureReason;
  /**
   * `failed`: the side is at fault; the other side may be tried. `busy`: the side has no room for one more call, which means nothing for
   * its health; the other side may be tried. `refused`: the side rejects this text (an origin's 4xx); the other side may be tried where
   * that can help. `aborted`: the caller is gone, or the other side answered first.
   */
  kind: "failed" | "busy" | "refused" | "aborted";
  /** The side asked not to be called again for this many ms. */
  retryAfterMs?: number;
}

export type SideResult = { ok: true; answer: SideAnswer } | { ok: false; failure: SideFailure };

/** A text or a pair as one model's tokenizer sees it. */
export interface Tokenized {
  text: TextOrPair;
  /** Special tokens included. Of a text that is too long for the package, at least as many as were certain when tokenizing stopped. */
  tokens: number;
  /** Null for a text that is too long for the package, or that the package cannot run. `typeIds`: one for each id. */
  tokenIds: readonly number[] | null;
  typeIds: readonly number[] | null;
  /** The package of the tokenizer: in another package the same ids mean other words. */
  modelId: string;
  /** The name of what the tokenizer threw, if it threw. */
  fault?: string;
}

/** What an attempt classifies. `tokenized` is null while this isolate has no verified tokenizer. */
export interface AttemptText {
  text: TextOrPair;
  tokenized: Tokenized | null;
}

export interface AttemptOptions {
  policy: Policy;
  /** A shadow attempt feeds no breaker and no estimate. */
  purpose: "answer" | "shadow";
  /** Whom an origin's places are counted for; null for a caller without a limit. */
  caller: string | null;
  lifetime: Lifetime;
  /** No other side can answer: the call may be an early trial of the origin's open breaker. */
  mayBeEarlyTrial?: boolean;
}

/** One side that can be asked for one text. The edge is one; each origin is another. */
export interface Side {
  /** Resolves to the answer or the failure; rejects only for a bug. */
  attempt(text: AttemptText, options: AttemptOptions): Promise<SideResult>;
}

export interface EdgeConditions {
  model: "ready" | "cold" | "rejected";
  breakerAllows: boolean;
  /** Most tokens that the package and this isolate's heap can hold; null while no package is known. */
  maxTokens: number | null;
  /** Most tokens that the package can hold, whatever this isolate has learned; null while no package is known. */
  packageMaxTokens: number | null;
  /** How long a text would wait before its inference begins. */
  queueMs: number;
  /** Of recent texts, waiting included; null while too few are known. */
  p95Ms: number | null;
}

export interface Edge extends Side {
  /** Puts the policy's model and breaker settings into force. */
  obey(policy: Policy): void;
  /** State, queue and limits as they are now. */
  conditions(): EdgeConditions;
  /**
   * Tokenizes in steps of a few milliseconds, between which other requests run, and stops as soon as the text is too long. Null while
   * this isolate has no verified tokenizer, for a caller that is gone, and for a pair if the model accepts none.
   */
  tokenize(text: TextOrPair, lifetime: Lifetime): Promise<Tokenized | null>;
  /** Whether the model has a form for two texts; null while no package is open. */
  acceptsPairs(): boolean | null;
  /** How long a run of this many tokens would take, in ms, without waiting; null while no package is known. */
  predictedRunMs(tokens: number): number | null;
  /** If there is no model yet, starts to load it after this call's answer. */
  warm(lifetime: Lifetime): void;
  /** What answers in this isolate, or will once its weights have loaded; null while no package has been opened. */
  classifier(): Classifier | null;
  /**
   * The same beside an answer of the package `model`. If that is another package than this isolate will load, its manifest is read now:
   * callers of a new isolate get the same labels. Null if it cannot be read, or not within a second.
   */
  classifierBeside(model: string): Promise<Classifier | null>;
  /** For /readyz and the trace. */
  status(): EdgeStatus;
}

/** What one isolate does with the policy's candidate. */
export interface CandidateStatus {
  model: string;
  /**
   * - `selected`: the isolate loads or runs it. `not-selected`: the isolate is outside the candidate's share.
   * - `rejected`: the isolate does not run it, and runs the policy's model. `unavailable`: likewise, as it could not be read; it is tried
   *   again under the next version of the policy. Both have a `reason`.
   */
  state: "selected" | "not-selected" | "rejected" | "unavailable";
  reason: string | null;
}

export interface EdgeStatus {
  state: "cold" | "loading" | "ready" | "rejected" | "failed";
  /** Why there is no model; null otherwise. */
  reason: string | null;
  /** What it runs, or is to run: the policy's model or its candidate. */
  model: string;
  /** Null if the policy has no candidate. */
  candidate: CandidateStatus | null;
  heapBytes: number;
  /** R2 to ready, requests in between included; null while there is no model. */
  loadMs: number | null;
  /** Differences between INT8 and FP32 that were accepted when the package was packed; null while no package is open. */
  acceptedGaps: readonly AcceptedGap[] | null;
  queueMs: number;
  queuedTexts: number;
  breaker: BreakerStatus;
}

export interface OriginConditions {
  name: string;
  /** Its part of the texts that go to an origin, relative to the other origins' weights. */
  weight: number;
  breakerAllows: boolean;
  /** Whether the open breaker would allow a trial now, for a text that no other side can answer. */
  allowsEarlyTrial: boolean;
  /** Whether the caller gets no place: as many calls run as the origin has accepted at once, or as many of the caller's as it may have. */
  isFull: boolean;
  /** When an open breaker lets the next call through. */
  retryAtMs: number | null;
  /** Long texts that are not sent, since none of their length has been answered for many calls; null: all are sent. */
  longTextsPause: LongTextsPause | null;
  /** The P95 of recent calls; null while too few are known. */
  p95Ms: number | null;
}

/** Of texts from so many UTF-16 code units on. It ends at a time that is null while a trial decides it, or with an early trial. */
export type LongTextsPause = { fromBytes: number; allowsEarlyTrial: boolean; retryAtMs: number | null };

export interface OriginStatus {
  breaker: BreakerStatus;
  /** The breaker of texts that may take longer than the timeout because of their size. */
  longTexts: BreakerStatus;
  /** The calls of this isolate that may run at once. Fewer than at the start: the origin has turned calls away with 429. */
  places: number;
  p95Ms: number | null;
  /** What it last answered with, used or not; null before. An origin runs the package it was deployed with, whatever the policy names. */
  classifier: Classifier | null;
  /** Why the last call failed; null if it did not. */
  lastFailure: FailureReason | null;
}

export interface Origins {
  /** Puts the policy's origins and breaker settings into force. */
  obey(policy: Policy): void;
  /** At least one. @param caller as in `AttemptOptions` */
  conditions(caller: string | null): readonly OriginConditions[];
  /** The origin of this name. One that the policy no longer names fails each attempt with `origin-gone`. */
  named(name: string): Side;
  /** By name; for /readyz and the trace. */
  status(): ReadonlyMap<string, OriginStatus>;
}

export interface Sides {
  edge: Edge;
  origins: Origins;
}

export interface Conditions {
  edge: EdgeConditions;
  origins: readonly OriginConditions[];
}

/** What a decision needs to know about both sides, as of now. @param caller as in `AttemptOptions` */
export function conditionsOf({ edge, origins }: Sides, caller: string | null): Conditions {
  return { edge: edge.conditions(), origins: origins.conditions(caller) };
}

/** Puts a policy into force on both sides. */
export function obey({ edge, origins }: Sides, policy: Policy): void {
  edge.obey(policy);
  origins.obey(policy);
}
