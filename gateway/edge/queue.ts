/**
 * Whose turn it is: one inference at a time, the wait known before joining.
 * Waiters ask with a timer of their own instead of being woken: a promise of another request may never settle in workerd.
 */
import type { Clock } from "../world.ts";

/** How often a waiter asks. An inference blocks the thread anyway, so asking is cheap. */
const ASK_EVERY_MS = 2;
/** A ticket whose owner died without leaving is dropped this long after its turn should have come. */
const LEASE_MS = 5000;

interface Ticket {
  predictedMs: number;
  expiresAtMs: number;
}

export class EdgeQueue {
  #tickets: Ticket[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long a newcomer would wait before its turn, in ms. */
  waitMs(): number {
    this.#dropExpired();
    return this.#tickets.reduce((sum, { predictedMs }) => sum + predictedMs, 0);
  }

  /** Texts that run or wait to run. */
  texts(): number {
    this.#dropExpired();
    return this.#tickets.length;
  }

  /** Runs `work` when it is its turn; resolves to "gone" when the caller hung up while waiting. */
  async takeTurn<T>(
    predictedMs: number,
    signal: AbortSignal,
    work: (queuedMs: number) => Promise<T>,
  ): Promise<T | "gone"> {
    const joinedAtMs = this.#clock.nowMs();
    const ticket: Ticket = { predictedMs, expiresAtMs: joinedAtMs + this.waitMs() + predictedMs + LEASE_MS };
    this.#tickets.push(ticket);
    try {
      // At least one wait: newcomers get to see this ticket, and the clock gets to move, before the thread is blocked.
      do await this.#clock.wait(this.#tickets[0] === ticket ? 0 : ASK_EVERY_MS);
      while (!signal.aborted && !this.#isFirst(ticket));
      if (signal.aborted) return "gone";
      return await work(this.#clock.nowMs() - joinedAtMs);
    } finally {
      this.#tickets = this.#tickets.filter((other) => other !== ticket);
    }
  }

  #isFirst(ticket: Ticket): boolean {
    this.#dropExpired();
    // A waiter that was itself dropped (the thread was blocked for longer than its lease) may go: nobody is before it.
    return this.#tickets[0] === ticket || !this.#tickets.includes(ticket);
  }

  #dropExpired(): void {
    const nowMs = this.#clock.nowMs();
    this.#tickets = this.#tickets.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }
}
