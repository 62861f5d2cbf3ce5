/** The edge side of one isolate: one model, one inference at a time, behind a bounded queue and a breaker. */
import type { Policy } from "../../policies/schema.ts";
import type { Lifetime } from "../call.ts";
import { type Breaker, BreakerOpenError } from "../resilience/breaker/breaker.ts";
import { RecentP95 } from "../resilience/recent-p95.ts";
import {
  type AttemptOptions,
  type AttemptText,
  type Classifier,
  type Edge,
  type EdgeConditions,
  type EdgeStatus,
  type FailureReason,
  type SideAnswer,
  type SideResult,
  type Tokenized,
  whyAborted,
} from "../sides.ts";
import { EdgeRunError } from "./engine.ts";
import { type LoaderParts, ModelLoader, type Ready } from "./loader.ts";
import type { ModelPackage } from "./package.ts";
import { EdgeQueue } from "./queue.ts";
import { LearnedLimits } from "./run-estimate.ts";

export interface EdgeParts extends LoaderParts {
  /** The package that serves if the policy names none. */
  modelId: string;
  breaker: Breaker;
}

export class EdgeIsolate implements Edge {
  #learned: LearnedLimits | null = null;
  readonly #latency = new RecentP95();
  readonly #parts: EdgeParts;
  readonly #loader: ModelLoader;
  readonly #queue: EdgeQueue;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    this.#queue = new EdgeQueue(parts.clock);
    this.#loader = new ModelLoader(parts, { modelId: parts.modelId, minVersion: 0 }, () => this.#queue.texts() === 0);
  }

  obey({ model, minVersion, breaker }: Policy): void {
    this.#parts.breaker.configure(breaker.edge);
    this.#loader.want({ modelId: model ?? this.#parts.modelId, minVersion });
  }

  conditions(): EdgeConditions {
    const { kind } = this.#loader.state();
    return {
      model: kind === "ready" || kind === "rejected" ? kind : "cold",
      breakerAllows: this.#parts.breaker.allows(),
      maxTokens: this.#learnedOrNull()?.maxTokens() ?? null,
      queueMs: this.#queue.waitMs(),
      p95Ms: this.#latency.p95Ms(this.#parts.clock.nowMs()),
    };
  }

  classifier(): Classifier | null {
    const opened = this.#loader.opened();
    return opened === null ? null : classifierOf(opened);
  }

  status(): EdgeStatus {
    const state = this.#loader.state();
    return {
      state: state.kind,
      reason: "reason" in state ? state.reason : null,
      model: this.#loader.wanted().modelId,
      breaker: this.#parts.breaker.status(),
      heapBytes: state.kind === "ready" ? state.model.heapBytes() : 0,
      loadMs: state.kind === "ready" ? state.loadMs : null,
      queueMs: this.#queue.waitMs(),
      queuedTexts: this.#queue.texts(),
    };
  }

  predictedRunMs(tokens: number): number | null {
    return this.#learnedOrNull()?.predictedMs(tokens) ?? null;
  }

  warm(lifetime: Lifetime): void {
    this.#loader.warm(lifetime);
  }

  tokenize(text: string): Tokenized | null {
    const opened = this.#loader.opened();
    if (opened === null) return null;
    const { modelId, tokenizer, edge } = opened;
    return { text, modelId, tokenIds: tokenizer.encode(text, edge.maxTokens) };
  }

  /**
   * Waits for a tokenizer and a model that are still loading. If both are there, nothing is awaited before the text has its place
   * in the queue: each decision then sees the texts of those before it.
   */
  async attempt(text: AttemptText, options: AttemptOptions): Promise<SideResult> {
    const tokenized = text.tokenized ?? (await this.#tokenizeWhenLoaded(text.text, options.lifetime));
    if (tokenized === null) return failed("edge-no-tokenizer");
    const tokens = tokenized.tokenIds.length;
    const account = { tokens, predictedMs: this.predictedRunMs(tokens) ?? 0 };
    const maxTokens = Math.min(options.policy.edge.maxTokens, this.conditions().maxTokens ?? Number.POSITIVE_INFINITY);
    const result = tokens > maxTokens ? failed("edge-too-long") : await this.#run(tokenized, options);
    return result.ok
      ? { ok: true, answer: { ...result.answer, ...account } }
      : { ok: false, failure: { ...result.failure, ...account } };
  }

  async #tokenizeWhenLoaded(text: string, lifetime: Lifetime): Promise<Tokenized | null> {
    await this.#loader.whileLoading(() => this.#loader.opened() === null, lifetime);
    return this.tokenize(text);
  }

  async #run(text: Tokenized, { purpose, lifetime }: AttemptOptions): Promise<SideResult> {
    if (this.#loader.state().kind !== "ready") await this.#loader.whileLoading(() => true, lifetime);
    const state = this.#loader.state();
    if (state.kind !== "ready") return failed(`edge-${state.kind}`);
    const learned = this.#learnedOf(state.opened);
    // The policy may have changed to another model since the text was measured.
    const { tokenIds } = text.modelId === state.opened.modelId ? text : (this.tokenize(text.text) ?? text);
    if (tokenIds.length > learned.maxTokens()) return failed("edge-too-long");
    const predictedMs = learned.predictedMs(tokenIds.length);
    const work = (queueMs: number) =>
      purpose === "shadow"
        ? this.#runToCompare(state, tokenIds, queueMs)
        : this.#runNow(state, learned, tokenIds, queueMs);
    const turn = this.#queue.takeTurn(predictedMs, lifetime.signal, work);
    // The turn outlives a caller that hangs up, so that it is always given back.
    lifetime.keepAlive(turn);
    const result = await turn;
    return result === "gone"
      ? { ok: false, failure: { reason: whyAborted(lifetime.signal), kind: "aborted" } }
      : result;
  }

  async #runNow(
    ready: Ready,
    learned: LearnedLimits,
    tokenIds: readonly number[],
    queueMs: number,
  ): Promise<SideResult> {
    const { breaker, clock, report } = this.#parts;
    const tokens = tokenIds.length;
    const startedAtMs = clock.nowMs();
    try {
      const logits = await breaker.run(
        () => ready.model.run(tokenIds),
        (settled) => (settled.ok ? "success" : isOutOfMemory(settled.error) ? "ignored" : "failure"),
      );
      await this.#letClockMove();
      const runMs = clock.nowMs() - startedAtMs;
      learned.observe(tokens, runMs);
      this.#latency.observe(queueMs + runMs, clock.nowMs());
      report({ kind: "edge-run", outcome: "ok", queueMs, runMs });
      return { ok: true, answer: answerOf(ready, tokens, logits, { queueMs, runMs }) };
    } catch (error) {
      if (error instanceof BreakerOpenError) return failed("breaker-open");
      if (!(error instanceof EdgeRunError)) throw error;
      report({ kind: "edge-run", outcome: error.fault, queueMs, runMs: clock.nowMs() - startedAtMs });
      // A trap leaves the engine in an unknown state, and a heap in which a short text does not fit is spent. The next request
      // loads a new one.
      const isSpent = error.fault === "out-of-memory" && !learned.learnsOutOfMemory(tokens);
      if (error.fault === "crashed" || isSpent) this.#loader.drop(ready);
      // Only after the drop: a request that runs meanwhile must not find this model.
      await this.#letClockMove();
      return failed(error.fault);
    }
  }

  /** The same run for a shadow: it feeds no breaker and no estimate. A trap still drops the model. */
  async #runToCompare(ready: Ready, tokenIds: readonly number[], queueMs: number): Promise<SideResult> {
    const { clock } = this.#parts;
    const startedAtMs = clock.nowMs();
    try {
      const logits = await ready.model.run(tokenIds);
      await this.#letClockMove();
      const timings = { queueMs, runMs: clock.nowMs() - startedAtMs };
      return { ok: true, answer: answerOf(ready, tokenIds.length, logits, timings) };
    } catch (error) {
      if (!(error instanceof EdgeRunError)) throw error;
      if (error.fault === "crashed") this.#loader.drop(ready);
      await this.#letClockMove();
      return failed(error.fault);
    }
  }

  /** In production the clock moves only across I/O; without this, a run would measure 0 ms. */
  async #letClockMove(): Promise<void> {
    await this.#parts.clock.wait(0);
  }

  /** What runs have shown of the opened package; null while no package is open. */
  #learnedOrNull(): LearnedLimits | null {
    const opened = this.#loader.opened();
    return opened === null ? null : this.#learnedOf(opened);
  }

  #learnedOf(opened: ModelPackage): LearnedLimits {
    if (this.#learned?.modelId !== opened.modelId) this.#learned = new LearnedLimits(opened);
    return this.#learned;
  }
}

function answerOf({ opened }: Ready, tokens: number, logits: Float32Array, timings: SideAnswer["timings"]): SideAnswer {
  return { ...classifierOf(opened), windows: [{ tokens, logits: Array.from(logits) }], timings };
}

function classifierOf({ modelId, manifest: { labels, problemType } }: ModelPackage): Classifier {
  return { model: modelId, labels, problemType };
}

/** A text that does not fit is not a fault of the engine. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof EdgeRunError && error.fault === "out-of-memory";
}

function failed(reason: FailureReason): SideResult {
  return { ok: false, failure: { reason, kind: "failed" } };
}
