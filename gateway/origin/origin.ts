/** One Lambda origin behind the Side port: a signed request, a deadline, and an answer of the wire's shape or a failure. */

import { mismatch } from "../../formats/model-package/mismatch.ts";
import { type FullWindow, tokensWithin } from "../../formats/model-package/window-time.ts";
import { originRequestOf, specialTokensIn } from "../../formats/origin-wire.ts";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import type { Policy } from "../../policies/schema.ts";
import { whyAborted } from "../call.ts";
import type { Report } from "../record/events.ts";
import type { Breaker } from "../resilience/breaker/breaker.ts";
import type { Classify } from "../resilience/breaker/classify.ts";
import { ConcurrencyLimit, type PlaceOutcome } from "../resilience/concurrency-limit.ts";
import { RecentP95 } from "../resilience/recent-p95.ts";
import type {
  AttemptOptions,
  AttemptText,
  Classifier,
  FailureReason,
  OriginConditions,
  OriginStatus,
  Side,
  SideAnswer,
  SideResult,
} from "../sides.ts";
import { LongTexts } from "./long-texts.ts";
import { OriginFault, toFailure } from "./origin-fault.ts";
import { readAnswer } from "./read-answer.ts";
import type { SignedFetch } from "./signed-fetch.ts";
import { bytesThatMayTakeLonger, bytesToCut, mayTakeLonger } from "./text-time.ts";

export interface OriginParts {
  /** The name in the policy. */
  name: string;
  fetch: SignedFetch;
  breaker: Breaker;
  longTextsBreaker: Breaker;
  clock: { nowMs(): number };
  report: Report;
  /** The edge's package, beside an answer of the package `model`; null if it is unknown. */
  edgeClassifier(model: string): Promise<Classifier | null>;
  /** A full window by the isolate's package; null while it is unknown. */
  fullWindow(): FullWindow | null;
}

export class LambdaOrigin implements Side {
  readonly #latency = new RecentP95();
  readonly #places = new ConcurrencyLimit();
  #classifier: Classifier | null = null;
  #lastFailure: FailureReason | null = null;
  /** Of the policy in force; null before there is one. */
  #timeoutMs: number | null = null;
  readonly #parts: OriginParts;
  readonly #longTexts: LongTexts;

  constructor(parts: OriginParts) {
    this.#parts = parts;
    this.#longTexts = new LongTexts(parts.longTextsBreaker, parts.clock);
  }

  obey({ breaker, origin }: Policy): void {
    this.#timeoutMs = origin.timeoutMs;
    const { failureRate, ...settings } = breaker.origin;
    this.#parts.breaker.configure({ ...settings, failureRatePercent: failureRate });
    this.#longTexts.configure(settings);
  }

  /** @param caller as in `AttemptOptions` */
  conditions(caller: string | null): Omit<OriginConditions, "name" | "weight"> {
    const { breaker, clock, fullWindow } = this.#parts;
    const { state, retryAtMs } = breaker.status();
    // While a trial runs, its result decides; the trial's lease is not a time to retry at.
    return {
      breakerAllows: breaker.allows(),
      allowsEarlyTrial: breaker.allowsEarlyTrial(),
      isFull: this.#places.isFull(caller, clock.nowMs()),
      retryAtMs: state === "open" ? retryAtMs : null,
      longTextsPause: this.#longTexts.pause(() => bytesThatMayTakeLonger(this.#timeoutMs ?? 0, fullWindow())),
      p95Ms: this.#latency.p95Ms(clock.nowMs()),
    };
  }

  status(): OriginStatus {
    return {
      breaker: this.#parts.breaker.status(),
      longTexts: this.#longTexts.status(),
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
      const answer = options.purpose === "shadow" ? await call() : await this.#countedCall(text, options, call);
      this.#lastFailure = null;
      return { ok: true, answer };
    } catch (error) {
      const failure = toFailure(error);
      // Neither a breaker that refuses nor a caller who leaves shows anything new about the origin.
      if (failure.reason !== "breaker-open" && failure.kind !== "aborted") this.#lastFailure = failure.reason;
      return { ok: false, failure };
    }
  }

  /** A call whose end counts for the breaker; not if it was slow and the text's size may be the reason. */
  async #countedCall(text: TextOrPair, options: AttemptOptions, call: () => Promise<SideAnswer>): Promise<SideAnswer> {
    const { policy, mayBeEarlyTrial = false } = options;
    const { breaker, clock, fullWindow } = this.#parts;
    const startedAtMs = clock.nowMs();
    const window = fullWindow();
    const bytes = bytesToCut(text);
    const { slowMs } = policy.breaker.origin;
    const mayTimeOut = bytes >= bytesThatMayTakeLonger(policy.origin.timeoutMs, window);
    const classify: Classify<SideAnswer> = (settled) => {
      if (settled.ok) {
        const isSlow = clock.nowMs() - startedAtMs > slowMs;
        return isSlow && mayTakeLonger(slowMs, settled.value.windows.length, window) ? "ignored" : "success";
      }
      const { kind, reason } = toFailure(settled.error);
      if (mayTimeOut && (reason === "timeout" || reason === "breaker-open")) return "ignored";
      return kind === "failed" ? "failure" : "ignored";
    };
    const run = mayTimeOut ? () => this.#longTexts.run(bytes, call, { mayBeEarlyTrial }) : call;
    return await breaker.run(run, classify, { mayBeEarlyTrial });
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
      const { model, labels, problemType, windows, usage, trace } = await readAnswer(response);
      const runMs = clock.nowMs() - startedAtMs;
      const classifier = { model, labels, problemType };
      const edge = await this.#parts.edgeClassifier(model);
      if (contradicts(classifier, edge)) throw new OriginFault("bad-answer");
      this.#classifier = classifier;
      // The deployment names the edge's package, so callers get its labels and no others.
      const difference = mismatch(classifier, edge);
      if (difference !== null) throw new OriginFault(difference.code);
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

/** @param result null if the attempt rejected */
function placeOutcomeOf(result: SideResult | null): PlaceOutcome {
  if (result === null) return "unknown";
  if (result.ok) return "answered";
  return result.failure.kind === "busy" ? "turned-away" : "unknown";
}
