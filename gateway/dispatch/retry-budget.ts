/** Bounds fallbacks and hedges: a failing side must not double the traffic. No timer: time is an argument. */
import type { Policy } from "../../policies/schema.ts";

const WINDOW_SECONDS = 10;

interface Second {
  at: number;
  texts: number;
  attempts: number;
}

export class RetryBudget {
  readonly #seconds: Second[] = [];

  /** Counts a text, once, however many attempts it gets. */
  countText(nowMs: number): void {
    this.#second(nowMs).texts += 1;
  }

  /**
   * Spends one fallback or hedge; false if the budget is used up. Of the last 10 s it allows the policy's percentage of the
   * texts, and never fewer than its minimum for each second since the first of them: a quiet time saves nothing up.
   */
  take({ percent, minPerSecond }: Policy["retryBudget"], nowMs: number): boolean {
    const second = this.#second(nowMs);
    const sum = (pick: (second: Second) => number) => this.#seconds.reduce((total, one) => total + pick(one), 0);
    const seconds = second.at - (this.#seconds[0] ?? second).at + 1;
    const allowed = Math.max((percent / 100) * sum(({ texts }) => texts), minPerSecond * seconds);
    if (sum(({ attempts }) => attempts) + 1 > allowed) return false;
    second.attempts += 1;
    return true;
  }

  #second(nowMs: number): Second {
    const at = Math.floor(nowMs / 1000);
    while (this.#seconds[0] !== undefined && this.#seconds[0].at <= at - WINDOW_SECONDS) this.#seconds.shift();
    const last = this.#seconds.at(-1);
    if (last !== undefined && last.at >= at) return last;
    const next = { at, texts: 0, attempts: 0 };
    this.#seconds.push(next);
    return next;
  }
}
