/**
 * How many calls of one origin run at once in this isolate. The origin's own limit is not known, so it is found: a call that is turned away
 * for lack of concurrency halves the limit, and calls that succeed at the limit raise it by one per round (additive increase,
 * multiplicative decrease, as TCP's congestion avoidance in RFC 5681), but not soon after: each text that finds the limit is refused, and
 * may be another caller's than the one whose calls raised it. Pure: time is an argument.
 */

/** Before an origin has turned a call away. */
export const MAX_PLACES = 64;
/** With one, a caller could hold it all the time, and no other caller would be answered. */
const MIN_PLACES = 2;
/** After a decrease the limit stays for this long. */
export const STEADY_MS = 10_000;
/** The largest part of the places that one caller may hold, as of an isolate's slots. */
const CALLER_SHARE = 0.5;
/** A place expires after this time: the `finally` of a request that the runtime cancels never runs. The longest call is shorter. */
export const PLACE_LEASE_MS = 90_000;

/** What the end of a call shows: `answered` in time, `turned-away` for lack of concurrency, or neither. */
export type PlaceOutcome = "answered" | "turned-away" | "unknown";

export interface Place {
  /** Gives the place back. Calling it again has no effect. */
  release(outcome: PlaceOutcome): void;
}

interface Held {
  caller: string | null;
  expiryMs: number;
}

export class ConcurrencyLimit {
  #limit = MAX_PLACES;
  /** Calls that began before the last decrease say nothing about the limit that it set. */
  #decreasedAt = -1;
  #decreasedAtMs = Number.NEGATIVE_INFINITY;
  /** Of the newest call. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #next = 0;
  readonly #held = new Map<number, Held>();

  /** The calls that may run at once. */
  get places(): number {
    return Math.floor(this.#limit);
  }

  /** Whether this caller gets no place. @param caller as in `acquire` */
  isFull(caller: string | null, nowMs: number): boolean {
    if (this.#held.size >= this.places) this.#expire(nowMs);
    return this.#held.size >= this.places || this.#isCallerFull(caller, nowMs);
  }

  /**
   * Null if all places are in use, or all that this caller may have.
   * @param caller null for callers without a limit, as on a developer's machine
   */
  acquire(caller: string | null, nowMs: number): Place | null {
    this.#nowMs = nowMs;
    if (this.isFull(caller, nowMs)) return null;
    const id = this.#next++;
    this.#held.set(id, { caller, expiryMs: nowMs + PLACE_LEASE_MS });
    return {
      release: (outcome) => {
        if (!this.#held.has(id)) return;
        const wasUsed = this.#held.size >= this.places / 2;
        this.#held.delete(id);
        if (outcome === "turned-away") this.#decrease(id);
        else if (outcome === "answered" && wasUsed) this.#increase();
      },
    };
  }

  #increase(): void {
    if (this.#nowMs - this.#decreasedAtMs < STEADY_MS) return;
    this.#limit = Math.min(MAX_PLACES, this.#limit + 1 / this.#limit);
  }

  #decrease(id: number): void {
    if (id <= this.#decreasedAt) return;
    this.#decreasedAt = this.#next - 1;
    this.#decreasedAtMs = this.#nowMs;
    // The calls that ran, this one included: the limit may be far above what was in use.
    this.#limit = Math.max(MIN_PLACES, Math.min(this.#limit, this.#held.size + 1) / 2);
  }

  #isCallerFull(caller: string | null, nowMs: number): boolean {
    const most = Math.ceil(this.places * CALLER_SHARE);
    if (caller === null || this.#held.size < most) return false;
    const isFull = () => [...this.#held.values()].filter((held) => held.caller === caller).length >= most;
    if (isFull()) this.#expire(nowMs);
    return isFull();
  }

  #expire(nowMs: number): void {
    for (const [id, { expiryMs }] of this.#held) if (expiryMs <= nowMs) this.#held.delete(id);
  }
}
