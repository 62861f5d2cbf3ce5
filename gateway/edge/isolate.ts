/**
 * The edge side of one isolate: its model from cold to ready, its queue and its breaker.
 * The *resolved* model is kept, never a promise of it: a promise dies with the request that made it.
 */
import type { Policy } from "../../policies/schema.ts";
import type { Breaker } from "../breaker/breaker.ts";
import type { Conditions } from "../decide/decide.ts";
import type { Call, Clock, Edge, EdgeStatus, SideFailure, SideResult } from "../world.ts";
import { RunEstimate } from "./estimate.ts";
import { loadModel, type OpenedPackage, openTokenizer } from "./loading.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "./model.ts";
import { type ModelBucket, PackageError } from "./package.ts";
import { EdgeQueue } from "./queue.ts";

/** A loader that gave no sign of life for so long died with its request; the next request loads anew. */
const LOAD_LEASE_MS = 5000;
/** After a load that failed for a passing reason the next one waits this long, doubled each time. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** How long a request waits for tokenizer and model when no origin can answer instead. */
const LOAD_WAIT_MS = 10_000;
const ASK_EVERY_MS = 5;

type LoadState =
  | { kind: "cold" }
  /** Each chunk and each proof is a sign of life. */
  | { kind: "loading"; aliveAtMs: number }
  | { kind: "ready"; model: EdgeModel; opened: OpenedPackage }
  | { kind: "rejected"; reason: string }
  | { kind: "failed"; reason: string; retryAtMs: number };

export interface EdgeParts {
  modelId: string;
  bucket: ModelBucket;
  engine: EdgeEngine;
  breaker: Breaker;
  clock: Clock;
}

export class EdgeIsolate implements Edge {
  #state: LoadState = { kind: "cold" };
  #opened: OpenedPackage | null = null;
  #estimate: RunEstimate | null = null;
  #failures = 0;
  /** The fewest tokens that ran out of memory here: such texts are not tried again. */
  #outOfMemoryTokens = Number.POSITIVE_INFINITY;
  readonly #queue: EdgeQueue;
  readonly #parts: EdgeParts;

  constructor(parts: EdgeParts) {
    this.#parts = parts;
    this.#queue = new EdgeQueue(parts.clock);
  }

  obey({ breaker }: Policy): void {
    this.#parts.breaker.configure(breaker.edge);
  }

  conditions(): Conditions["edge"] {
    const { kind } = this.#state;
    return {
      model: kind === "ready" || kind === "rejected" ? kind : "cold",
      breakerAllows: this.#parts.breaker.allows(),
      maxTokens: this.#opened && Math.min(this.#opened.manifest.edge.maxTokens, this.#outOfMemoryTokens - 1),
      queueMs: this.#queue.waitMs(),
    };
  }

  status(): EdgeStatus {
    const state = this.#state;
    return {
      state: state.kind,
      reason: "reason" in state ? state.reason : null,
      model: this.#parts.modelId,
      breaker: this.#parts.breaker.status(),
      heapBytes: state.kind === "ready" ? state.model.heapBytes() : 0,
      queueMs: this.#queue.waitMs(),
    };
  }

  tokenize(text: string): readonly number[] | null {
    return this.#opened?.tokenizer.encode(text) ?? null;
  }

  async tokenizeWhenLoaded(text: string, call: Call): Promise<readonly number[] | null> {
    await this.#whileLoading(() => this.#opened === null, call);
    return this.tokenize(text);
  }

  warm(call: Call): void {
    // Loading blocks the thread for a while at a time: the caller who finds the isolate cold must not wait behind it.
    if (this.#isDue()) call.afterAnswer(async () => this.#loadIfDue(call));
  }

  #isDue(): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const state = this.#state;
    return (
      state.kind === "cold" ||
      (state.kind === "loading" && nowMs >= state.aliveAtMs + LOAD_LEASE_MS) ||
      (state.kind === "failed" && nowMs >= state.retryAtMs)
    );
  }

  #loadIfDue(call: Call): void {
    if (!this.#isDue()) return;
    const nowMs = this.#parts.clock.nowMs();
    const loading: LoadState & { kind: "loading" } = { kind: "loading", aliveAtMs: nowMs };
    this.#state = loading;
    call.keepAlive(this.#load(loading));
  }

  async run(tokenIds: readonly number[], call: Call): Promise<SideResult> {
    await this.#whileLoading(() => true, call);
    const state = this.#state;
    if (state.kind !== "ready") return failed(`edge-${state.kind}`);
    const tokens = tokenIds.length;
    const predictedMs = this.#estimate?.predictedMs(tokens) ?? 0;
    const turn = this.#queue.takeTurn(predictedMs, call.signal, (queueMs) => this.#runNow(state, tokenIds, queueMs));
    // The turn outlives a caller that hangs up, so that it is always given back.
    call.keepAlive(turn);
    const result = await turn;
    return result === "gone" ? { ok: false, failure: { reason: "caller-gone", kind: "aborted" } } : result;
  }

  async #runNow(
    { model, opened }: LoadState & { kind: "ready" },
    tokenIds: readonly number[],
    queueMs: number,
  ): Promise<SideResult> {
    const { breaker, clock, modelId } = this.#parts;
    const tokens = tokenIds.length;
    const startedAtMs = clock.nowMs();
    try {
      const logits = await breaker.run(
        () => model.run(tokenIds),
        (settled) => (settled.ok ? "success" : isOutOfMemory(settled.error) ? "ignored" : "failure"),
      );
      // I/O, so that the clock moves in production too.
      await clock.wait(0);
      const runMs = clock.nowMs() - startedAtMs;
      this.#estimate?.observe(tokens, runMs);
      const { labels, problemType } = opened.manifest;
      const windows = [{ tokens, logits: Array.from(logits) }];
      return { ok: true, answer: { model: modelId, labels, problemType, windows, timings: { queueMs, runMs } } };
    } catch (error) {
      return this.#runFailed(error, tokens);
    }
  }

  #runFailed(error: unknown, tokens: number): SideResult {
    if (!(error instanceof EdgeRunError)) return failed("breaker-open");
    if (error.fault === "out-of-memory") this.#outOfMemoryTokens = Math.min(this.#outOfMemoryTokens, tokens);
    // A trap leaves the engine in an unknown state: drop it, the next request loads a new one.
    if (error.fault === "crashed") this.#state = { kind: "cold" };
    return failed(error.fault);
  }

  async #load(mine: LoadState & { kind: "loading" }): Promise<void> {
    const { bucket, engine, modelId, clock } = this.#parts;
    const alive = () => {
      mine.aliveAtMs = clock.nowMs();
    };
    try {
      const opened = this.#opened ?? (await openTokenizer(bucket, modelId));
      this.#opened = opened;
      this.#estimate ??= new RunEstimate(opened.manifest.edge.timeMs);
      const model = await loadModel(bucket, engine, opened, alive, () => clock.wait(0));
      this.#failures = 0;
      this.#settle(mine, { kind: "ready", model, opened });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#settle(mine, isRejection(error) ? { kind: "rejected", reason } : this.#failedLoad(reason));
    }
  }

  /** A loader that was given up for dead must not overwrite what came after it. */
  #settle(mine: LoadState, next: LoadState): void {
    if (this.#state === mine) this.#state = next;
  }

  #failedLoad(reason: string): LoadState {
    const backoffMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return { kind: "failed", reason, retryAtMs: this.#parts.clock.nowMs() + backoffMs };
  }

  /** Waits for a load under way as long as `isWaiting`, and takes it over when its loader has died. */
  async #whileLoading(isWaiting: () => boolean, call: Call): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.nowMs() + LOAD_WAIT_MS;
    for (;;) {
      this.#loadIfDue(call);
      const goesOn = this.#state.kind === "loading" && isWaiting() && clock.nowMs() < untilMs && !call.signal.aborted;
      if (!goesOn) return;
      await clock.wait(ASK_EVERY_MS);
    }
  }
}

function isRejection(error: unknown): boolean {
  // What the engine cannot open will not open next time either, unless it only ran into the heap's limit by bad luck.
  return (error instanceof PackageError && error.kind === "rejected") || error instanceof EdgeRunError;
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof EdgeRunError && error.fault === "out-of-memory";
}

function failed(reason: string): SideResult & { ok: false; failure: SideFailure } {
  return { ok: false, failure: { reason, kind: "failed" } };
}
