/**
 * When an isolate sends what it gathers over requests: a while after the first addition, under the `waitUntil` of the request that made it. No
 * answer waits for it, and an isolate has no timers outside requests. Log records, metrics and the ledger's counts leave like this.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TelemetryClock } from "./exporter.ts";

/** A flush that has not begun this long after it was due was cancelled with its request. Loading a model blocks the thread for less. */
const MAX_FLUSH_DELAY_MS = 3_000;

/** What a request brings for a flush. */
export interface FlushContext {
  /** Keeps the request's context alive until the work is over. */
  keepAlive(work: Promise<unknown>): void;
}

export interface FlushParts<Context> {
  clock: TelemetryClock;
  /** The wait from the first addition to the flush, which is also the shortest time between two flushes. */
  afterMs(): number;
  /** Whether something waits to be sent in this context. */
  isDue(context: Context): boolean;
  /** Sends; never rejects. */
  flush(context: Context): Promise<unknown>;
}

export class FlushSchedule<Context extends FlushContext> {
  readonly #parts: FlushParts<Context>;
  readonly #contexts = new AsyncLocalStorage<Context>();
  /** Until then a flush is under way, in whichever request. */
  #leaseMs = Number.NEGATIVE_INFINITY;

  constructor(parts: FlushParts<Context>) {
    this.#parts = parts;
  }

  /** Of the running request; null outside of one. */
  get context(): Context | null {
    return this.#contexts.getStore() ?? null;
  }

  /** Runs a request. What it adds, in work after its answer too, and what cancelled requests have left, is sent in its context. */
  during<T>(context: Context, work: () => T): T {
    return this.#contexts.run(context, () => {
      this.schedule();
      return work();
    });
  }

  /** To be called after each addition. Outside a request the next one sends it. @param own default: the running request's context */
  schedule(own: Context | null = null): void {
    const { clock, afterMs, isDue } = this.#parts;
    const nowMs = clock.nowMs();
    if (nowMs < this.#leaseMs) return;
    const context = own ?? this.context;
    if (context === null || !isDue(context)) return;
    const waitMs = afterMs();
    const leaseMs = nowMs + waitMs + MAX_FLUSH_DELAY_MS;
    this.#leaseMs = leaseMs;
    context.keepAlive(this.#flushLater(context, { leaseMs, waitMs }));
  }

  async #flushLater(context: Context, { leaseMs, waitMs }: { leaseMs: number; waitMs: number }): Promise<void> {
    const { clock, flush } = this.#parts;
    await clock.wait(waitMs);
    // What is added from now on needs another flush. One that has replaced this one keeps its lease.
    if (this.#leaseMs === leaseMs) this.#leaseMs = Number.NEGATIVE_INFINITY;
    await flush(context);
  }
}
