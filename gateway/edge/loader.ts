/**
 * The isolate's model from cold to ready, and from one model to the next. What is kept is the *resolved* model, never a promise
 * of it: a promise dies with the request that made it. Why waiting is asking: docs/decisions/005-waiting-by-asking.md
 */

import type { Clock, Lifetime } from "../call.ts";
import type { Report } from "../record/events.ts";
import { type ModelBucket, PackageError } from "./bucket.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "./engine.ts";
import { loadModel, type OpenedPackage, openTokenizer, warmUp } from "./load-package.ts";
import { fingerprint, listPackage, type WantedPackage } from "./package.ts";

/** A loader that gave no sign of life for so long died with its request; the next request loads anew. */
const LOAD_LEASE_MS = 5000;
/** After a load that failed for a passing reason the next one waits this long, doubled each time. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** A rejected package is looked at this often, and read again only when something under its name has changed. */
const LOOK_AGAIN_MS = 10_000;
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
  /** From the first look into the bucket to the last proof. */
  loadMs: number;
  model: EdgeModel;
  opened: OpenedPackage;
}

export type LoadState =
  | { kind: "cold" }
  | Loading
  | Ready
  /** What is stored is not what was named: asking again will not help until something else is stored. */
  | { kind: "rejected"; reason: string; storedPrint: string; lookAgainAtMs: number }
  | { kind: "failed"; reason: string; retryAtMs: number };

/** How a load can end. */
type LoadEnd = Exclude<LoadState, Loading | { kind: "cold" }>;

export interface LoaderParts {
  bucket: ModelBucket;
  /** PEM of the key that packages must be signed with. */
  publicKeyPem: string;
  engine: EdgeEngine;
  clock: Clock;
  report: Report;
}

export class ModelLoader {
  #wanted: WantedPackage;
  #state: LoadState = { kind: "cold" };
  #opened: OpenedPackage | null = null;
  /** The model before this one, kept until its last run is over. */
  #retired: EdgeModel | null = null;
  /** The load that has the engine; it may be one whose package is no longer wanted. */
  #onEngine: Loading | null = null;
  #failures = 0;
  readonly #parts: LoaderParts;
  readonly #isIdle: () => boolean;

  /** `isIdle` says whether nothing runs or waits to run, on whichever model. */
  constructor(parts: LoaderParts, wanted: WantedPackage, isIdle: () => boolean) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#isIdle = isIdle;
  }

  state(): LoadState {
    return this.#state;
  }

  wanted(): WantedPackage {
    return this.#wanted;
  }

  /** Manifest and tokenizer, there before the weights are and kept when a load fails; null until then. */
  opened(): OpenedPackage | null {
    return this.#opened;
  }

  /** Turns to another package. Runs that have begun, or wait, end on the model they were meant for. */
  want(wanted: WantedPackage): void {
    const { modelId, minVersion } = this.#wanted;
    if (wanted.modelId === modelId && wanted.minVersion === minVersion) return;
    this.#wanted = wanted;
    const state = this.#state;
    const stillGood =
      wanted.modelId === modelId && state.kind === "ready" && state.opened.manifest.version >= wanted.minVersion;
    if (stillGood) return;
    if (state.kind === "ready") this.#retired = state.model;
    this.#state = { kind: "cold" };
    this.#opened = null;
    this.#failures = 0;
  }

  /** Loading blocks the thread for a while at a time: the caller who finds the isolate cold must not wait behind it. */
  warm(lifetime: Lifetime): void {
    if (this.#isDue()) lifetime.afterAnswer(async () => this.#loadIfDue(lifetime));
  }

  /** Loads now, waits for a load under way as long as `isWaiting`, and takes it over when its loader has died. */
  async whileLoading(isWaiting: () => boolean, lifetime: Lifetime): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.nowMs() + LOAD_WAIT_MS;
    for (;;) {
      this.#loadIfDue(lifetime);
      const shouldContinue =
        this.#state.kind === "loading" && isWaiting() && clock.nowMs() < untilMs && !lifetime.signal.aborted;
      if (!shouldContinue) return;
      await clock.wait(ASK_EVERY_MS);
    }
  }

  /** Forgets a model that must not be used again; one that has already been replaced is left alone. */
  drop(used: Ready): void {
    if (this.#state !== used) return;
    this.#retired = used.model;
    this.#state = { kind: "cold" };
  }

  #isDue(): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const state = this.#state;
    return (
      state.kind === "cold" ||
      (state.kind === "loading" && nowMs >= state.aliveAtMs + LOAD_LEASE_MS) ||
      (state.kind === "failed" && nowMs >= state.retryAtMs) ||
      (state.kind === "rejected" && nowMs >= state.lookAgainAtMs)
    );
  }

  #loadIfDue(lifetime: Lifetime): void {
    if (!this.#isDue()) return;
    if (this.#state.kind === "rejected") {
      const lookAgainAtMs = this.#parts.clock.nowMs() + LOOK_AGAIN_MS;
      this.#state = { ...this.#state, lookAgainAtMs };
      lifetime.keepAlive(this.#lookAgain(this.#state));
      return;
    }
    const loading: Loading = { kind: "loading", aliveAtMs: this.#parts.clock.nowMs() };
    this.#state = loading;
    lifetime.keepAlive(this.#load(loading));
  }

  async #load(mine: Loading): Promise<void> {
    const { modelId } = this.#wanted;
    const startedAtMs = this.#parts.clock.nowMs();
    const next = await this.#loaded(mine, startedAtMs);
    // A loader that was given up for dead, or whose package is no longer wanted, must not overwrite what came after it.
    if (this.#state !== mine) {
      if (next.kind === "ready") next.model.release();
      return;
    }
    this.#state = next;
    this.#parts.report({
      kind: "edge-load",
      result: next.kind,
      reason: next.kind === "ready" ? null : next.reason,
      model: modelId,
      loadMs: this.#parts.clock.nowMs() - startedAtMs,
      heapBytes: next.kind === "ready" ? next.model.heapBytes() : 0,
    });
    if (next.kind !== "ready") return;
    const shouldContinue = () => this.#state === next && this.#isIdle();
    await warmUp(next.model, next.opened, shouldContinue, () => this.#parts.clock.wait(0));
  }

  async #loaded(mine: Loading, startedAtMs: number): Promise<LoadEnd> {
    const { bucket, engine, publicKeyPem, clock } = this.#parts;
    const wanted = this.#wanted;
    const alive = () => {
      if (this.#state !== mine) throw new PackageError("unavailable", "another load has taken over");
      mine.aliveAtMs = clock.nowMs();
    };
    let storedPrint = "";
    try {
      const stored = await listPackage(bucket, wanted.modelId);
      storedPrint = fingerprint(stored);
      const opened = this.#opened ?? (await openTokenizer(bucket, publicKeyPem, wanted, stored));
      alive();
      this.#opened = opened;
      await this.#takeEngine(mine, alive);
      const model = await loadModel(opened, {
        bucket,
        engine,
        onProgress: alive,
        yieldThread: () => clock.wait(0),
      });
      this.#failures = 0;
      return { kind: "ready", loadMs: clock.nowMs() - startedAtMs, model, opened };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isFinal(error)) return this.#failed(reason);
      return { kind: "rejected", reason, storedPrint, lookAgainAtMs: clock.nowMs() + LOOK_AGAIN_MS };
    } finally {
      if (this.#onEngine === mine) this.#onEngine = null;
    }
  }

  /** The isolate has room for one model: this one begins when the last run and the last load before it are over. */
  async #takeEngine(mine: Loading, alive: () => void): Promise<void> {
    while (!this.#isIdle() || this.#isOnEngine()) {
      await this.#parts.clock.wait(ASK_EVERY_MS);
      alive();
    }
    this.#onEngine = mine;
    this.#retired?.release();
    this.#retired = null;
  }

  /** A load that died with its request gives no sign of life, and no longer counts. */
  #isOnEngine(): boolean {
    return this.#onEngine !== null && this.#parts.clock.nowMs() < this.#onEngine.aliveAtMs + LOAD_LEASE_MS;
  }

  /** Goes cold, and so loads at the next request, when what is stored is not what was rejected. */
  async #lookAgain(rejected: LoadState & { kind: "rejected" }): Promise<void> {
    const stored = await listPackage(this.#parts.bucket, this.#wanted.modelId).catch(() => null);
    const changed = stored !== null && fingerprint(stored) !== rejected.storedPrint;
    if (changed && this.#state === rejected) {
      this.#opened = null;
      this.#state = { kind: "cold" };
    }
  }

  #failed(reason: string): LoadEnd {
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
