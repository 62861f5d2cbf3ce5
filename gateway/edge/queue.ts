/**
 * The edge's queue: one inference at a time, with a wait that is known before joining. Each waiter polls with its own timer, because a
 * promise of another request may never settle in workerd.
 */
import type { Clock } from "../call.ts";

/** How often a waiter polls. An inference blocks the thread anyway, so polling is cheap. */
const ASK_EVERY_MS = 2;
/** A ticket whose request ended without leaving the queue is dropped this long after its turn should have ended. */
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

  /** How long a text that joins now would wait, in ms. */
  waitMs(): number {
    this.#dropExpired();
    return this.#tickets.reduce((sum, { predictedMs }) => sum + predictedMs, 0);
  }

  /** Texts that run or wait to run. */
  texts(): number {
    this.#dropExpired();
    return this.#tickets.length;
  }

  /** Runs `work` when it is its turn; resolves to "gone" if the caller hung up while waiting. */
  async takeTurn<T>(
    predictedMs: number,
    signal: AbortSignal,
    work: (queuedMs: number) => Promise<T>,
  ): Promise<T | "gone"> {
    const joinedAtMs = this.#clock.nowMs();
    const ticket: Ticket = { predictedMs, expiresAtMs: joinedAtMs + this.waitMs() + predictedMs + LEASE_MS };
    this.#tickets.push(ticket);
    try {
      // At least one wait: other requests see this ticket, and the clock moves, before the thread is blocked.
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
    // A waiter whose own ticket was dropped (the thread was blocked for longer than its lease) is first: no ticket is before it.
    return this.#tickets[0] === ticket || !this.#tickets.includes(ticket);
  }

  #dropExpired(): void {
    const nowMs = this.#clock.nowMs();
    this.#tickets = this.#tickets.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }
}
