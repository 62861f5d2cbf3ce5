/**
 * The isolate's model from cold to ready. What is kept is the *resolved* model, never a promise of it: a promise dies with the
 * request that made it. Why waiting is asking: docs/decisions/005-waiting-by-asking.md
 */
import type { Call, Clock } from "../world.ts";
import { loadModel, type OpenedPackage, openTokenizer } from "./loading.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "./model.ts";
import { type ModelBucket, PackageError } from "./package.ts";

/** A loader that gave no sign of life for so long died with its request; the next request loads anew. */
const LOAD_LEASE_MS = 5000;
/** After a load that failed for a passing reason the next one waits this long, doubled each time. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** How long a request waits when no origin can answer instead. */
const LOAD_WAIT_MS = 10_000;
const ASK_EVERY_MS = 5;

interface Loading {
  kind: "loading";
  /** Each chunk and each proof is a sign of life. */
  aliveAtMs: number;
}

export interface Ready {
  kind: "ready";
  model: EdgeModel;
  opened: OpenedPackage;
}

export type LoadState =
  | { kind: "cold" }
  | Loading
  | Ready
  /** What is stored is not what was named: asking again will not help. */
  | { kind: "rejected"; reason: string }
  | { kind: "failed"; reason: string; retryAtMs: number };

export interface LoaderParts {
  modelId: string;
  bucket: ModelBucket;
  engine: EdgeEngine;
  clock: Clock;
}

export class ModelLoader {
  #state: LoadState = { kind: "cold" };
  #opened: OpenedPackage | null = null;
  #failures = 0;
  readonly #parts: LoaderParts;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  state(): LoadState {
    return this.#state;
  }

  /** Manifest and tokenizer, there before the weights are and kept when a load fails; null until then. */
  opened(): OpenedPackage | null {
    return this.#opened;
  }

  /** Loading blocks the thread for a while at a time: the caller who finds the isolate cold must not wait behind it. */
  warm(call: Call): void {
    if (this.#isDue()) call.afterAnswer(async () => this.#loadIfDue(call));
  }

  /** Loads now, waits for a load under way as long as `isWaiting`, and takes it over when its loader has died. */
  async whileLoading(isWaiting: () => boolean, call: Call): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.nowMs() + LOAD_WAIT_MS;
    for (;;) {
      this.#loadIfDue(call);
      const goesOn = this.#state.kind === "loading" && isWaiting() && clock.nowMs() < untilMs && !call.signal.aborted;
      if (!goesOn) return;
      await clock.wait(ASK_EVERY_MS);
    }
  }

  /** Forgets a model that must not be used again; one that has already been replaced is left alone. */
  drop(used: Ready): void {
    if (this.#state === used) this.#state = { kind: "cold" };
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
    const loading: Loading = { kind: "loading", aliveAtMs: this.#parts.clock.nowMs() };
    this.#state = loading;
    call.keepAlive(this.#load(loading));
  }

  async #load(mine: Loading): Promise<void> {
    const next = await this.#loaded(mine);
    // A loader that was given up for dead must not overwrite what came after it.
    if (this.#state === mine) this.#state = next;
  }

  async #loaded(mine: Loading): Promise<LoadState> {
    const { bucket, engine, modelId, clock } = this.#parts;
    const alive = () => {
      mine.aliveAtMs = clock.nowMs();
    };
    try {
      const opened = this.#opened ?? (await openTokenizer(bucket, modelId));
      this.#opened = opened;
      const model = await loadModel(bucket, engine, opened, alive, () => clock.wait(0));
      this.#failures = 0;
      return { kind: "ready", model, opened };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return isFinal(error) ? { kind: "rejected", reason } : this.#failed(reason);
    }
  }

  #failed(reason: string): LoadState {
    const backoffMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    return { kind: "failed", reason, retryAtMs: this.#parts.clock.nowMs() + backoffMs };
  }
}

/** What the engine cannot open will not open next time either; a trap or a full heap may have been bad luck. */
function isFinal(error: unknown): boolean {
  if (error instanceof PackageError) return error.kind === "rejected";
  return error instanceof EdgeRunError && error.fault === "engine-error";
}
