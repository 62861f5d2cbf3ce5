/**
 * Texts that an origin may not answer in time because of their size. That they time out shows nothing about the origin's health, so they
 * do not count for its breaker. An origin that answers none of them has a breaker for them only: short texts are still served.
 */
import { type Breaker, BreakerOpenError, type BreakerStatus, type RunOptions } from "../resilience/breaker/breaker.ts";
import type { Settled } from "../resilience/breaker/classify.ts";
import type { LongTextsPause } from "../sides.ts";
import { OriginFault } from "./origin-fault.ts";

/** A timeout that the size may explain is weaker evidence than others: it takes as many times the policy's consecutive failures. */
const CONSECUTIVE_FACTOR = 2;

export class LongTexts {
  readonly #breaker: Breaker;
  readonly #clock: { nowMs(): number };
  /** Of the shortest text that timed out since one as long was answered, in bytes; null: there is none. */
  #shortestTimeout: number | null = null;

  constructor(breaker: Breaker, clock: { nowMs(): number }) {
    this.#breaker = breaker;
    this.#clock = clock;
  }

  configure({ consecutive, openMs }: { consecutive: number; openMs: number }): void {
    this.#breaker.configure({ consecutive: consecutive * CONSECUTIVE_FACTOR, openMs });
  }

  status(): BreakerStatus {
    return this.#breaker.status();
  }

  /**
   * The texts that `run` would refuse now; null if it would refuse none.
   * @param fewestBytes of a text that is given to `run`; not asked while there is no pause, which is nearly always
   */
  pause(fewestBytes: () => number): LongTextsPause | null {
    if (this.#breaker.allows()) return null;
    return {
      fromBytes: Math.max(fewestBytes(), this.#shortestTimeout ?? 0),
      allowsEarlyTrial: this.#breaker.allowsEarlyTrial(),
      retryAtMs: this.#retryAtMs(),
    };
  }

  /** While a trial runs, its result decides; the trial's lease is not a time to retry at. */
  #retryAtMs(): number | null {
    const { state, retryAtMs } = this.status();
    return state === "open" ? retryAtMs : null;
  }

  /**
   * Runs a call of a long text. While the breaker is open, texts that are shorter than all that timed out still run.
   * @param bytes of the text, in UTF-8
   * @throws OriginFault `paused` without a call, if none as long has been answered for many calls
   */
  async run<T>(bytes: number, call: () => Promise<T>, options: RunOptions): Promise<T> {
    const isShorter = this.#shortestTimeout !== null && bytes < this.#shortestTimeout;
    if (isShorter && this.status().state !== "closed") return await this.#unguarded(bytes, call);
    try {
      return await this.#breaker.run(call, (settled) => this.#outcomeOf(settled, bytes), options);
    } catch (error) {
      if (!(error instanceof BreakerOpenError)) throw error;
      const nowMs = this.#clock.nowMs();
      throw new OriginFault({ pausedMs: (this.#retryAtMs() ?? nowMs) - nowMs });
    }
  }

  async #unguarded<T>(bytes: number, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#outcomeOf({ ok: false, error }, bytes);
      throw error;
    }
  }

  #outcomeOf(settled: Settled<unknown>, bytes: number): "success" | "failure" | "ignored" {
    const shortest = this.#shortestTimeout;
    if (isTimeout(settled)) {
      this.#shortestTimeout = Math.min(shortest ?? bytes, bytes);
      return "failure";
    }
    // The answer to a shorter text shows nothing about longer ones.
    if (!settled.ok || (shortest !== null && bytes < shortest)) return "ignored";
    this.#shortestTimeout = null;
    return "success";
  }
}

function isTimeout(settled: Settled<unknown>): boolean {
  return !settled.ok && settled.error instanceof OriginFault && settled.error.what === "timeout";
}
