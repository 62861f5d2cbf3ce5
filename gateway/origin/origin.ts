/** One Lambda origin behind the Side port: a signed request, a deadline, and an answer of the wire's shape or a failure. */
import { readBoundedBody } from "../../formats/bounded-body.ts";
import { parseJson } from "../../formats/json.ts";
import {
  type OriginAccount,
  type OriginError,
  originAnswerSchema,
  originErrorSchema,
  originRequestOf,
  specialTokensIn,
} from "../../formats/origin-wire.ts";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Report } from "../record/events.ts";
import { type Breaker, BreakerOpenError } from "../resilience/breaker/breaker.ts";
import type { CallOutcome, Classify } from "../resilience/breaker/classify.ts";
import { ConcurrencyLimit, type PlaceOutcome } from "../resilience/concurrency-limit.ts";
import { RecentP95 } from "../resilience/recent-p95.ts";
import {
  type AttemptOptions,
  type AttemptText,
  type Classifier,
  type FailureReason,
  type OriginConditions,
  type OriginStatus,
  type Side,
  type SideAnswer,
  type SideFailure,
  type SideResult,
  whyAborted,
} from "../sides.ts";
import { type Mismatch, mismatch } from "./mismatch.ts";
import type { SignedFetch } from "./signed-fetch.ts";
import { charactersToCut, type FullWindow, mayTakeLonger, tokensWithin } from "./text-time.ts";

export interface OriginParts {
  /** The name in the policy. */
  name: string;
  fetch: SignedFetch;
  breaker: Breaker;
  clock: { nowMs(): number };
  report: Report;
  /** The edge's package; null while it is unknown. */
  edgeClassifier(): Classifier | null;
  /** A full window by the edge's package; null while it is unknown. */
  fullWindow(): FullWindow | null;
}

export class LambdaOrigin implements Side {
  readonly #latency = new RecentP95();
  readonly #places = new ConcurrencyLimit();
  #classifier: Classifier | null = null;
  #lastFailure: FailureReason | null = null;
  readonly #parts: OriginParts;

  constructor(parts: OriginParts) {
    this.#parts = parts;
  }

  obey({ breaker }: Policy): void {
    const { failureRate, ...settings } = breaker.origin;
    this.#parts.breaker.configure({ ...settings, failureRatePercent: failureRate });
  }

  conditions(): Omit<OriginConditions, "name" | "weight"> {
    const { breaker, clock } = this.#parts;
    const { state, retryAtMs } = breaker.status();
    // While a trial runs, its result decides; the trial's lease is not a time to retry at.
    return {
      breakerAllows: breaker.allows(),
      isFull: this.#places.isFull(clock.nowMs()),
      retryAtMs: state === "open" ? retryAtMs : null,
      p95Ms: this.#latency.p95Ms(clock.nowMs()),
    };
  }

  status(): OriginStatus {
    return {
      breaker: this.#parts.breaker.status(),
      places: this.#places.places,
      p95Ms: this.#latency.p95Ms(this.#parts.clock.nowMs()),
      classifier: this.#classifier,
      lastFailure: this.#lastFailure,
    };
  }

  async attempt({ text }: AttemptText, options: AttemptOptions): Promise<SideResult> {
    const { name, clock, report } = this.#parts;
    const startedAtMs = clock.nowMs();
    const place = this.#places.acquire(options.caller, startedAtMs);
    if (place === null) return { ok: false, failure: { reason: "origin-busy", kind: "busy" } };
    let result: SideResult | null = null;
    try {
      result = await this.#guardedCall(text, options);
    } finally {
      place.release(placeOutcomeOf(result));
    }
    const outcome = result.ok ? "ok" : result.failure.reason;
    if (options.purpose === "answer" && outcome !== "breaker-open" && outcome !== "origin-busy") {
      report({ kind: "origin-call", origin: name, outcome, tookMs: clock.nowMs() - startedAtMs });
    }
    return result;
  }

  async #guardedCall(text: TextOrPair, options: AttemptOptions): Promise<SideResult> {
    try {
      const call = () => this.#call(text, options);
      const outcomeOf = this.#outcomesOf(text, options.policy);
      const answer = options.purpose === "shadow" ? await call() : await this.#parts.breaker.run(call, outcomeOf);
      this.#lastFailure = null;
      return { ok: true, answer };
    } catch (error) {
      const failure = toFailure(error);
      // Neither a breaker that refuses nor a caller who leaves shows anything new about the origin.
      if (failure.reason !== "breaker-open" && failure.kind !== "aborted") this.#lastFailure = failure.reason;
      return { ok: false, failure };
    }
  }

  /** What the end of a call means for the breaker: nothing, if the call was slow and the text's size may be the reason. */
  #outcomesOf(text: TextOrPair, { origin, breaker }: Policy): Classify<SideAnswer> {
    const { clock } = this.#parts;
    const startedAtMs = clock.nowMs();
    const window = this.#parts.fullWindow();
    const characters = charactersToCut(text);
    return (settled) => {
      const outcome = outcomeOf(settled);
      const isTimeout = !settled.ok && toFailure(settled.error).reason === "timeout";
      const { slowMs } = breaker.origin;
      const isSlow = settled.ok && clock.nowMs() - startedAtMs > slowMs;
      const isExcused =
        (isTimeout && mayTakeLonger(characters, origin.timeoutMs, window)) ||
        (isSlow && mayTakeLonger(characters, slowMs, window));
      return isExcused ? "ignored" : outcome;
    };
  }

  async #call(text: TextOrPair, { policy, purpose, lifetime: { signal } }: AttemptOptions): Promise<SideAnswer> {
    const { clock } = this.#parts;
    const { timeoutMs } = policy.origin;
    const startedAtMs = clock.nowMs();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const maxTokens = tokensWithin(timeoutMs, this.#parts.fullWindow(), policy.limits.originTokens);
      const body = JSON.stringify(originRequestOf(text, maxTokens));
      const response = await this.#parts.fetch(body, AbortSignal.any([timeout, signal]), timeoutMs);
      if (!response.ok) throw await faultOf(response);
      const parsed = originAnswerSchema.safeParse(await readJson(response));
      if (!parsed.success) throw new OriginFault("bad-answer");
      const { model, labels, problemType, windows, usage, trace } = parsed.data;
      if (windows.some(({ logits }) => logits.length !== labels.length)) throw new OriginFault("bad-answer");
      // Windows are weighted by their tokens. Only a text without content tokens has one of weight 0.
      if (windows.length > 1 && windows.every(({ tokens }) => tokens === 0)) throw new OriginFault("bad-answer");
      const classifier = { model, labels, problemType };
      const edge = this.#parts.edgeClassifier();
      if (contradicts(classifier, edge)) throw new OriginFault("bad-answer");
      this.#classifier = classifier;
      // The deployment names the edge's package, so callers get its labels and no others.
      const difference = mismatch(classifier, edge);
      if (difference !== null) throw new OriginFault(difference.code);
      const runMs = clock.nowMs() - startedAtMs;
      if (purpose === "answer") this.#latency.observe(runMs, clock.nowMs());
      const specialTokens = specialTokensIn(response.headers);
      return { ...classifier, windows, specialTokens, timings: { runMs }, usage, trace };
    } catch (error) {
      if (error instanceof OriginFault) throw error;
      const gone = signal.aborted ? whyAborted(signal) : null;
      // Neither a quick refusal or reset nor a caller who leaves shows anything about speed.
      if (purpose === "answer" && gone !== "caller-gone" && (gone !== null || timeout.aborted)) {
        this.#latency.observe(clock.nowMs() - startedAtMs, clock.nowMs());
      }
      throw new OriginFault(gone ?? (timeout.aborted ? "timeout" : "network"));
    }
  }
}

/** One package has one list of labels, in one order: an answer in its name with another list is not trusted. */
function contradicts(origin: Classifier, edge: Classifier | null): boolean {
  if (edge === null || edge.model !== origin.model) return false;
  const sameLabels =
    edge.labels.length === origin.labels.length && edge.labels.every((label, index) => label === origin.labels[index]);
  return !sameLabels || edge.problemType !== origin.problemType;
}

/**
 * Statuses for which Spillway's function sends details: the reason of a 503, and the spans and usage of a refusal. For all others the
 * status is enough, and a fallback does not wait for the body.
 */
const STATUSES_WITH_DETAILS: ReadonlySet<number> = new Set([400, 404, 413, 422, 503]);

async function faultOf(response: Response): Promise<OriginFault> {
  const { status } = response;
  const details = STATUSES_WITH_DETAILS.has(status) ? await errorIn(response) : await response.body?.cancel();
  if (status === 503 && details?.error_type === "model-unavailable") return new OriginFault("model-unavailable");
  const { usage, trace } = details ?? {};
  if (status === 422 && details?.error_type === "no-pairs") return new OriginFault({ noPairs: { usage, trace } });
  return new OriginFault({ status, retryAfterMs: retryAfterMs(response.headers), account: { usage, trace } });
}

async function errorIn(response: Response): Promise<OriginError | undefined> {
  return originErrorSchema.safeParse(await readJson(response).catch(() => null)).data;
}

/** 64 windows of 1,024 labels, with a reserve. */
const MAX_ANSWER_BYTES = 2 * 1_048_576;

async function readJson(response: Response): Promise<unknown> {
  const body = await readBoundedBody(response.body, { maxBytes: MAX_ANSWER_BYTES });
  // The connection broke, or a signal ended it. The caller of this function knows which.
  if (!body.ok && body.why === "broken") throw new Error("the origin's answer broke off");
  const value = body.ok ? parseJson(new TextDecoder().decode(body.bytes)) : undefined;
  if (value === undefined) throw new OriginFault("bad-answer");
  return value;
}

/** @param result null if the attempt rejected */
function placeOutcomeOf(result: SideResult | null): PlaceOutcome {
  if (result === null) return "unknown";
  if (result.ok) return "answered";
  return result.failure.kind === "busy" ? "turned-away" : "unknown";
}

function outcomeOf(settled: { ok: true } | { ok: false; error: unknown }): CallOutcome {
  if (settled.ok) return "success";
  return toFailure(settled.error).kind === "failed" ? "failure" : "ignored";
}

type What =
  | "timeout"
  | "network"
  | "bad-answer"
  | Mismatch["code"]
  | "model-unavailable"
  | "caller-gone"
  | "lost-to-other-side"
  | { noPairs: OriginAccount }
  | { status: number; retryAfterMs: number | null; account: OriginAccount };

class OriginFault extends Error {
  readonly what: What;
  constructor(what: What) {
    super("the origin did not answer");
    this.name = "OriginFault";
    this.what = what;
  }
}

/** Neither a caller's abort nor a 4xx is a failure of the origin. 429 means that its concurrency is used up. */
function toFailure(error: unknown): SideFailure {
  if (error instanceof BreakerOpenError) return { reason: "breaker-open", kind: "failed" };
  if (!(error instanceof OriginFault)) throw error;
  const { what } = error;
  if (what === "caller-gone" || what === "lost-to-other-side") return { reason: what, kind: "aborted" };
  if (typeof what === "string") return { reason: what, kind: "failed" };
  if ("noPairs" in what) return { reason: "no-pairs", kind: "refused", ...what.noPairs };
  const failure: SideFailure = { reason: `http-${what.status}`, kind: kindOf(what.status), ...what.account };
  return what.retryAfterMs === null ? failure : { ...failure, retryAfterMs: what.retryAfterMs };
}

function kindOf(status: number): SideFailure["kind"] {
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "failed";
}

/** The longest Retry-After of an origin that is obeyed. */
const MAX_RETRY_AFTER_MS = 300_000;

/** `Retry-After` in seconds; its other form, a date, is not read. Null if there is none. */
function retryAfterMs(headers: Headers): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,9}$/.test(value) ? Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1000) : null;
}
