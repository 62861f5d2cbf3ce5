/** The ports: everything the gateway needs from outside, so that rooms can be tested with a clock and faults of their own. */
import type { OriginAccount } from "../formats/origin-wire.ts";
import type { Policy } from "../policies/schema.ts";
import type { PolicyRead } from "../policies/store.ts";
import type { Slots } from "./admit/slots.ts";
import type { Access } from "./authenticate/access.ts";
import type { EdgeConditions, OriginConditions } from "./decide/facts.ts";
import type { RetryBudget } from "./dispatch/retry-budget.ts";
import type { Report } from "./record/events.ts";
import type { BreakerStatus } from "./resilience/breaker/breaker.ts";
import type { Leases } from "./resilience/leases.ts";
import type { CorsOrigins } from "./respond/web-headers.ts";
import type { FailureReason } from "./sides.ts";

/** `Date.now` and `scheduler.wait`; in production the clock only moves across I/O, and `wait` is I/O. */
export interface Clock {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

/** What one request brings to every room: its life and its end. */
export interface Call {
  requestId: string;
  /** The `traceresponse` header's value; undefined where nothing is traced. */
  traceResponse: string | undefined;
  /** Only to compare: nothing that comes of it is counted by a breaker or an estimate. */
  isShadow: boolean;
  /** Aborted when the caller hangs up. */
  signal: AbortSignal;
  /** Keeps the request's context alive after the answer: work of a dead request never goes on otherwise. */
  keepAlive(work: Promise<unknown>): void;
  /** Starts work that would be in the caller's way once the answer is on its way, and keeps it alive. */
  afterAnswer(work: () => Promise<unknown>): void;
}

/** A model as callers know it: its name, and what its logits mean. */
export interface Classifier {
  /** `<name>@<sha256>` */
  model: string;
  labels: readonly string[];
  problemType: "single_label_classification" | "multi_label_classification";
}

/** A side's answer for one text: a row of logits per window (the edge has one), weights in content tokens. */
export interface SideAnswer extends Classifier, OriginAccount {
  windows: readonly { tokens: number; logits: readonly number[] }[];
  /** Milliseconds, for `server-timing` and the trace. */
  timings: { queueMs?: number; runMs: number };
}

/** Why a side did not answer. */
export interface SideFailure extends OriginAccount {
  reason: FailureReason;
  /**
   * `failed`: the side is at fault, the other may try. `refused`: the side will not have this text (the origin's 4xx), the
   * other may try where that can help. `aborted`: the caller is gone.
   */
  kind: "failed" | "refused" | "aborted";
  /** When the side asked to be tried again, from now. */
  retryAfterMs?: number;
}

export type SideResult = { ok: true; answer: SideAnswer } | { ok: false; failure: SideFailure };

/** A text as one model's tokenizer sees it. */
export interface Tokenized {
  text: string;
  tokenIds: readonly number[];
  /** The package whose tokenizer it was: another model's ids mean other words. */
  modelId: string;
}

export interface Edge {
  /** Takes what a policy says of the model and of breakers into force. */
  obey(policy: Policy): void;
  /** State, queue and limits as they are now. */
  conditions(): EdgeConditions;
  /** Null while this isolate has no verified tokenizer. A text too long for the edge may be tokenized only as far as it takes to know. */
  tokenize(text: string): Tokenized | null;
  /** How long a run of so many tokens would take, in ms, waiting not included; null while no package is known. */
  predictedRunMs(tokens: number): number | null;
  /** Where there is no model yet, starts loading after this call's answer. */
  warm(call: Call): void;
  /** Loads and waits where there is no tokenizer yet: for when no origin can answer instead. */
  tokenizeWhenLoaded(text: string, call: Call): Promise<Tokenized | null>;
  /** Likewise waits for a model that is still loading. */
  run(tokenized: Tokenized, call: Call): Promise<SideResult>;
  /** What answers here, or will when its weights have loaded; null while no package has been opened. */
  classifier(): Classifier | null;
  /** For /readyz and the trace. */
  status(): EdgeStatus;
}

export interface EdgeStatus {
  state: "cold" | "loading" | "ready" | "rejected" | "failed";
  /** Why there is no model; null otherwise. */
  reason: string | null;
  model: string;
  heapBytes: number;
  /** How long this model's load took, R2 to ready, requests in between included; null while there is none. */
  loadMs: number | null;
  queueMs: number;
  /** Texts that run or wait to run. */
  queuedTexts: number;
  breaker: BreakerStatus;
}

export interface OriginLimits {
  timeoutMs: number;
  /** A text with more tokens is refused by the origin. */
  maxTokens: number;
}

export interface OriginStatus {
  breaker: BreakerStatus;
  p95Ms: number | null;
  /** What answered last; null before. An origin runs the package it was deployed with, whatever the policy names. */
  classifier: Classifier | null;
  /** Why it did not answer last; null where it did. A breaker says how often, and this says what. */
  lastFailure: FailureReason | null;
}

export interface Origins {
  /** Takes what a policy says of origins and breakers into force. */
  obey(policy: Policy): void;
  /** One or more. */
  conditions(): readonly OriginConditions[];
  call(name: string, text: string, limits: OriginLimits, call: Call): Promise<SideResult>;
  /** By name; for /readyz and the trace. */
  status(): ReadonlyMap<string, OriginStatus>;
}

/** The reason of an abort: the other side has answered first. */
export class LostToOtherSide extends Error {
  constructor() {
    super("the other side answered first");
    this.name = "LostToOtherSide";
  }
}

/** Who has ended an aborted try. */
export function whyGone({ reason }: AbortSignal): "lost-to-other-side" | "caller-gone" {
  return reason instanceof LostToOtherSide ? "lost-to-other-side" : "caller-gone";
}

export interface Policies {
  /** As it is known now, without asking. */
  known(): Policy;
  read(keepAlive: (work: Promise<unknown>) => void): Promise<PolicyRead>;
}

export interface World {
  clock: Clock;
  access: Access;
  /** What cannot be obeyed in the deployment's settings, a sentence each. While there is anything, nobody is served. */
  misconfigured: readonly string[];
  policies: Policies;
  edge: Edge;
  origins: Origins;
  retryBudget: RetryBudget;
  shadowLeases: Leases;
  slots: Slots;
  /** Whose web pages may read answers. */
  corsOrigins: CorsOrigins;
  /** Takes what happens in the isolate; returns at once. */
  report: Report;
  newRequestId(): string;
}
