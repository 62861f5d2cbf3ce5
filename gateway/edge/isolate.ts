/** The edge side of one isolate: one model, one inference at a time, behind a bounded queue and a breaker. */
import type { Policy } from "../../policies/schema.ts";
import { type Breaker, BreakerOpenError } from "../breaker/breaker.ts";
import type { Conditions } from "../decide/decide.ts";
import type { Call, Edge, EdgeStatus, SideResult } from "../world.ts";
import { RunEstimate } from "./estimate.ts";
import { type LoaderParts, ModelLoader, type Ready } from "./loader.ts";
import { EdgeRunError } from "./model.ts";
import { EdgeQueue } from "./queue.ts";

export interface EdgeParts extends LoaderParts {
  breaker: Breaker;
}

export class EdgeIsolate implements Edge {
  #estimate: RunEstimate | null = null;
  /** The fewest tokens that ran out of memory here: such texts are not tried again. */
  #outOfMemoryTokens = Number.POSITIVE_INFINITY;
  readonly #parts: EdgeParts;
  readonly #loader: ModelLoader;
  readonly #queue: EdgeQueue;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    this.#loader = new ModelLoader(parts);
    this.#queue = new EdgeQueue(parts.clock);
  }

  obey({ breaker }: Policy): void {
    this.#parts.breaker.configure(breaker.edge);
  }

  conditions(): Conditions["edge"] {
    const { kind } = this.#loader.state();
    const opened = this.#loader.opened();
    return {
      model: kind === "ready" || kind === "rejected" ? kind : "cold",
      breakerAllows: this.#parts.breaker.allows(),
      maxTokens: opened && Math.min(opened.manifest.edge.maxTokens, this.#outOfMemoryTokens - 1),
      queueMs: this.#queue.waitMs(),
    };
  }

  status(): EdgeStatus {
    const state = this.#loader.state();
    return {
      state: state.kind,
      reason: "reason" in state ? state.reason : null,
      model: this.#parts.modelId,
      breaker: this.#parts.breaker.status(),
      heapBytes: state.kind === "ready" ? state.model.heapBytes() : 0,
      queueMs: this.#queue.waitMs(),
    };
  }

  warm(call: Call): void {
    this.#loader.warm(call);
  }

  tokenize(text: string): readonly number[] | null {
    return this.#loader.opened()?.tokenizer.encode(text) ?? null;
  }

  async tokenizeWhenLoaded(text: string, call: Call): Promise<readonly number[] | null> {
    await this.#loader.whileLoading(() => this.#loader.opened() === null, call);
    return this.tokenize(text);
  }

  async run(tokenIds: readonly number[], call: Call): Promise<SideResult> {
    await this.#loader.whileLoading(() => true, call);
    const state = this.#loader.state();
    if (state.kind !== "ready") return failed(`edge-${state.kind}`);
    this.#estimate ??= new RunEstimate(state.opened.manifest.edge.timeMs);
    const predictedMs = this.#estimate.predictedMs(tokenIds.length);
    const turn = this.#queue.takeTurn(predictedMs, call.signal, (queueMs) => this.#runNow(state, tokenIds, queueMs));
    // The turn outlives a caller that hangs up, so that it is always given back.
    call.keepAlive(turn);
    const result = await turn;
    return result === "gone" ? { ok: false, failure: { reason: "caller-gone", kind: "aborted" } } : result;
  }

  async #runNow(ready: Ready, tokenIds: readonly number[], queueMs: number): Promise<SideResult> {
    const { breaker, clock, modelId } = this.#parts;
    const tokens = tokenIds.length;
    const startedAtMs = clock.nowMs();
    try {
      const logits = await breaker.run(
        () => ready.model.run(tokenIds),
        (settled) => (settled.ok ? "success" : isOutOfMemory(settled.error) ? "ignored" : "failure"),
      );
      // I/O, so that the clock moves in production too.
      await clock.wait(0);
      const runMs = clock.nowMs() - startedAtMs;
      this.#estimate?.observe(tokens, runMs);
      const { labels, problemType } = ready.opened.manifest;
      const windows = [{ tokens, logits: Array.from(logits) }];
      return { ok: true, answer: { model: modelId, labels, problemType, windows, timings: { queueMs, runMs } } };
    } catch (error) {
      return this.#failedRun(error, ready, tokens);
    }
  }

  #failedRun(error: unknown, ready: Ready, tokens: number): SideResult {
    if (error instanceof BreakerOpenError) return failed("breaker-open");
    if (!(error instanceof EdgeRunError)) throw error;
    // A trap leaves the engine in an unknown state: the next request loads a new one.
    if (error.fault === "crashed") this.#loader.drop(ready);
    if (error.fault === "out-of-memory") this.#ranOut(ready, tokens);
    return failed(error.fault);
  }

  /** A long text teaches where this heap ends; when a short one does not fit, it is the heap that is spent. */
  #ranOut(ready: Ready, tokens: number): void {
    if (tokens > ready.opened.manifest.edge.maxTokens / 2) {
      this.#outOfMemoryTokens = Math.min(this.#outOfMemoryTokens, tokens);
    } else {
      this.#loader.drop(ready);
    }
  }
}

/** A text that does not fit is no fault of the engine. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof EdgeRunError && error.fault === "out-of-memory";
}

function failed(reason: string): SideResult {
  return { ok: false, failure: { reason, kind: "failed" } };
}
