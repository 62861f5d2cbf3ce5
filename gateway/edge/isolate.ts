/** The edge side of one isolate: one model, one inference at a time, behind a bounded queue and a breaker. */
import type { Policy } from "../../policies/schema.ts";
import type { EdgeConditions } from "../decide/facts.ts";
import { type Breaker, BreakerOpenError } from "../resilience/breaker/breaker.ts";
import { RecentP95 } from "../resilience/recent-p95.ts";
import type { FailureReason } from "../sides.ts";
import {
  type Call,
  type Classifier,
  type Edge,
  type EdgeStatus,
  type SideAnswer,
  type SideResult,
  type Tokenized,
  whyGone,
} from "../world.ts";
import { EdgeRunError } from "./engine.ts";
import { type LoaderParts, ModelLoader, type Ready } from "./loader.ts";
import type { ModelPackage } from "./package.ts";
import { EdgeQueue } from "./queue.ts";
import { LearnedLimits } from "./run-estimate.ts";

export interface EdgeParts extends LoaderParts {
  /** The package that serves where the policy names none. */
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

  warm(call: Call): void {
    this.#loader.warm(call);
  }

  tokenize(text: string): Tokenized | null {
    const opened = this.#loader.opened();
    if (opened === null) return null;
    const { modelId, tokenizer, edge } = opened;
    return { text, modelId, tokenIds: tokenizer.encode(text, edge.maxTokens) };
  }

  async tokenizeWhenLoaded(text: string, call: Call): Promise<Tokenized | null> {
    await this.#loader.whileLoading(() => this.#loader.opened() === null, call);
    return this.tokenize(text);
  }

  async run(measured: Tokenized, call: Call): Promise<SideResult> {
    // Not even a microtask where the model is ready: the place in the queue is taken in the same turn as the decision.
    if (this.#loader.state().kind !== "ready") await this.#loader.whileLoading(() => true, call);
    const state = this.#loader.state();
    if (state.kind !== "ready") return failed(`edge-${state.kind}`);
    const learned = this.#learnedOf(state.opened);
    // The policy may have turned to another model since the text was admitted.
    const { tokenIds } =
      measured.modelId === state.opened.modelId ? measured : (this.tokenize(measured.text) ?? measured);
    if (tokenIds.length > learned.maxTokens()) return failed("edge-too-long");
    const predictedMs = learned.predictedMs(tokenIds.length);
    const work = (queueMs: number) =>
      call.isShadow ? this.#runToCompare(state, tokenIds, queueMs) : this.#runNow(state, learned, tokenIds, queueMs);
    const turn = this.#queue.takeTurn(predictedMs, call.signal, work);
    // The turn outlives a caller that hangs up, so that it is always given back.
    call.keepAlive(turn);
    const result = await turn;
    return result === "gone" ? { ok: false, failure: { reason: whyGone(call.signal), kind: "aborted" } } : result;
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
      // A trap leaves the engine in an unknown state, and a heap in which a short text does not fit is spent: the next
      // request loads a new one.
      const isSpent = error.fault === "out-of-memory" && !learned.learnsOutOfMemory(tokens);
      if (error.fault === "crashed" || isSpent) this.#loader.drop(ready);
      // Not before it is dropped: what else goes on meanwhile must not find it.
      await this.#letClockMove();
      return failed(error.fault);
    }
  }

  /** The same run, but nobody learns from it; only a trap must have its consequence. */
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

  /** A turn of the event loop, as I/O: in production nothing else moves the clock, and a run would have taken no time. */
  async #letClockMove(): Promise<void> {
    await this.#parts.clock.wait(0);
  }

  /** What runs have taught of the package at hand; null where there is none. */
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

/** A text that does not fit is no fault of the engine. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof EdgeRunError && error.fault === "out-of-memory";
}

function failed(reason: FailureReason): SideResult {
  return { ok: false, failure: { reason, kind: "failed" } };
}
