/**
 * The isolate's model from cold to ready, and from one model to the next. The loader keeps the *resolved* model, never a promise of
 * it: a promise ends with the request that made it. Waiting is polling: docs/decisions/005-waiting-by-asking.md
 */

import type { Clock, Lifetime } from "../call.ts";
import type { Report } from "../record/events.ts";
import { PackageError, pausing } from "./bucket.ts";
import { availableEngines, engineOf } from "./choose-engine.ts";
import { type EdgeEngine, type EdgeModel, RunAborted } from "./engine.ts";
import { freeHeaps } from "./free-heaps.ts";
import { loadModel, type OpenedPackage, openTokenizer, warmUp } from "./load-package.ts";
import { LOOK_AGAIN_MS, type Loading, type LoadState, type NotReady, notReady, type Ready } from "./load-state.ts";
import { LoadUse } from "./load-use.ts";
import { fingerprint, listPackage, type OpenParts, type WantedPackage } from "./package.ts";
import { pauseBeside } from "./pause-beside.ts";

/** A load without progress for this long has ended with its request; the next request loads again. */
const LOAD_LEASE_MS = 5000;
/** How long a request waits for a load if no origin can answer instead. */
const LOAD_WAIT_MS = 10_000;
/** The shortest time between two polls. */
const ASK_EVERY_MS = 5;
/** Many requests may wait for a load, and each poll takes thread time of it: they poll after this part of their wait so far. */
const ASK_AFTER_PART = 0.125;
const MAX_ASK_MS = 25;

export interface LoaderParts extends OpenParts {
  clock: Clock;
  report: Report;
  /** Whether other requests are in progress, so that steps should be short. */
  othersWait(): boolean;
}

export interface LoaderHooks {
  /** Whether no text runs or waits to run, on any model. */
  isIdle(): boolean;
  /** The package to load instead of one that did not become ready; null to keep it. */
  instead(wanted: WantedPackage, end: NotReady): WantedPackage | null;
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
  readonly #hooks: LoaderHooks;

  constructor(parts: LoaderParts, wanted: WantedPackage, hooks: LoaderHooks) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#hooks = hooks;
  }

  state(): LoadState {
    return this.#state;
  }

  wanted(): WantedPackage {
    return this.#wanted;
  }

  /** Manifest and tokenizer: known before the weights, and kept if a load fails; null before. */
  opened(): OpenedPackage | null {
    return this.#opened;
  }

  /** Changes to another package. Runs that have begun or wait end on the model that they were queued for. */
  want(wanted: WantedPackage): void {
    const { modelId, minVersion, labelsOf } = this.#wanted;
    if (wanted.modelId === modelId && wanted.minVersion === minVersion && wanted.labelsOf === labelsOf) return;
    this.#wanted = wanted;
    const state = this.#state;
    const stillGood =
      wanted.modelId === modelId &&
      (wanted.labelsOf === labelsOf || wanted.labelsOf === null) &&
      state.kind === "ready" &&
      state.opened.manifest.version >= wanted.minVersion;
    if (stillGood) return;
    if (state.kind === "ready") this.#retired = state.model;
    this.#state = { kind: "cold" };
    this.#opened = null;
    this.#failures = 0;
  }

  /** Loading blocks the thread for a while at a time, so it starts after the answer to the caller that found the isolate cold. */
  warm(lifetime: Lifetime): void {
    if (this.#isDue()) lifetime.afterAnswer(async () => this.#loadIfDue(lifetime));
  }

  /** Loads now, waits for a running load while `isWaiting`, and replaces a load whose request has ended. */
  async whileLoading(isWaiting: () => boolean, lifetime: Lifetime): Promise<void> {
    const { clock } = this.#parts;
    const startedAtMs = clock.nowMs();
    for (;;) {
      this.#loadIfDue(lifetime);
      const waitedMs = clock.nowMs() - startedAtMs;
      const shouldContinue =
        this.#state.kind === "loading" && isWaiting() && waitedMs < LOAD_WAIT_MS && !lifetime.signal.aborted;
      if (!shouldContinue) return;
      await clock.wait(Math.min(Math.max(ASK_AFTER_PART * waitedMs, ASK_EVERY_MS), MAX_ASK_MS));
    }
  }

  /** Discards a model that must not be used again; no effect if it has already been replaced. */
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
    lifetime.keepAlive(this.#load(loading, lifetime));
  }

  async #load(mine: Loading, lifetime: Lifetime): Promise<void> {
    const wanted = this.#wanted;
    const use = new LoadUse(this.#parts.clock);
    let instead: WantedPackage | null = null;
    try {
      instead = await this.#loadAndWarmUp(mine, wanted, use);
    } finally {
      this.#parts.report({ kind: "edge-load-paid", model: wanted.modelId, billed: use.billed() });
    }
    // In the same context: the isolate has no model until then.
    if (instead !== null) this.#loadIfDue(lifetime);
  }

  /** @returns the package to load instead; null if this one is ready, or is kept */
  async #loadAndWarmUp(mine: Loading, wanted: WantedPackage, use: LoadUse): Promise<WantedPackage | null> {
    const { modelId } = wanted;
    const startedAtMs = this.#parts.clock.nowMs();
    const next = await this.#loaded(mine, { startedAtMs, use });
    // A load that was replaced, or whose package is no longer wanted, must not overwrite its successor.
    if (this.#state !== mine) {
      if (next.kind === "ready") next.model.release();
      return null;
    }
    this.#state = next;
    this.#parts.report({
      kind: "edge-load",
      result: next.kind,
      reason: next.kind === "ready" ? next.opened.notice : next.reason,
      model: modelId,
      loadMs: this.#parts.clock.nowMs() - startedAtMs,
      heapBytes: next.kind === "ready" ? next.model.heapBytes() : 0,
    });
    if (next.kind !== "ready") {
      const instead = this.#hooks.instead(wanted, next);
      if (instead !== null) this.want(instead);
      return instead;
    }
    const { clock, othersWait } = this.#parts;
    const stop = () => {
      if (this.#state !== next || !this.#hooks.isIdle()) throw new RunAborted();
    };
    const giveWay = pauseBeside({ clock, othersWait });
    const pause = () => giveWay().then(stop);
    await warmUp(next.model, next.opened, { pause, othersWait });
    return null;
  }

  async #loaded(mine: Loading, { startedAtMs, use }: { startedAtMs: number; use: LoadUse }): Promise<Ready | NotReady> {
    const { engines, clock, othersWait } = this.#parts;
    const wanted = this.#wanted;
    const alive = () => {
      if (this.#state !== mine) throw new PackageError("unavailable", "another load has replaced this one");
      mine.aliveAtMs = clock.nowMs();
    };
    const pause = pauseBeside({ clock, othersWait, alive });
    const steps = { pause, othersWait };
    const bucket = pausing(use.metered(this.#parts.bucket), pause);
    let storedPrint = "";
    try {
      const stored = await listPackage(bucket, wanted.modelId);
      storedPrint = fingerprint(stored);
      const opened =
        this.#opened ?? (await openTokenizer({ ...this.#parts, bucket, pause }, { wanted, stored }, steps));
      alive();
      this.#opened = opened;
      const engine = engineOf(opened.edge, engines);
      await use.waiting(this.#takeEngine(mine, engine, alive));
      const model = await loadModel(opened, { bucket, engine, onProgress: alive, steps });
      this.#failures = 0;
      return { kind: "ready", loadMs: clock.nowMs() - startedAtMs, model, opened };
    } catch (error) {
      const end = notReady(error, { nowMs: clock.nowMs(), failures: this.#failures, storedPrint });
      if (end.kind === "failed") this.#failures += 1;
      return end;
    } finally {
      if (this.#onEngine === mine) this.#onEngine = null;
    }
  }

  /**
   * The isolate has room for one model: this load continues when the last run and the last load before it have ended, and the heap
   * of another engine is freed.
   */
  async #takeEngine(mine: Loading, engine: EdgeEngine, alive: () => void): Promise<void> {
    const { clock, engines } = this.#parts;
    while (!this.#hooks.isIdle() || this.#isOnEngine()) {
      await clock.wait(ASK_EVERY_MS);
      alive();
    }
    this.#onEngine = mine;
    this.#retired?.release();
    this.#retired = null;
    await freeHeaps(engine, availableEngines(engines), { clock, onProgress: alive });
  }

  /** A load that ended with its request makes no progress, and no longer counts. */
  #isOnEngine(): boolean {
    return this.#onEngine !== null && this.#parts.clock.nowMs() < this.#onEngine.aliveAtMs + LOAD_LEASE_MS;
  }

  /** Becomes cold, and so loads at the next request, if the stored files are not those that were rejected. */
  async #lookAgain(rejected: LoadState & { kind: "rejected" }): Promise<void> {
    const stored = await listPackage(this.#parts.bucket, this.#wanted.modelId).catch(() => null);
    const changed = stored !== null && fingerprint(stored) !== rejected.storedPrint;
    if (changed && this.#state === rejected) {
      this.#opened = null;
      this.#state = { kind: "cold" };
    }
  }
}
