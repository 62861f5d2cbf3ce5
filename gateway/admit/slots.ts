/**
 * Who is inside the isolate at once, and how much of their bodies it holds: beside the model there are 16 MiB for all of them.
 * A place expires by itself: when the runtime cancels a request, its `finally` never runs. Pure: time is an argument.
 */
import type { Policy } from "../../policies/schema.ts";

/** What is held of bodies, and then of the texts in them, until they are answered; calls of an origin make copies. */
export const MAX_BODIES_BYTES = 4 * 1_048_576;
/** Of places and bytes one caller has no more than this part, so that a single key cannot shut the others out. */
const CALLER_SHARE = 0.5;
/** So long after its last sign of life a request is taken for dead; every wait inside one is shorter. */
export const LEASE_MS = 150_000;

export type SlotLimits = Pick<Policy["limits"], "concurrentRequests" | "bodyBytes">;

export interface Slot {
  /** Counts bytes that have arrived; false when they are more than the isolate may hold. Also a sign of life. */
  reserveBytes(bytes: number, nowMs: number): boolean;
  /** A sign of life. */
  renew(nowMs: number): void;
  /** Gives everything back; more than once does no harm. */
  release(): void;
}

interface Held {
  caller: string | null;
  bytes: number;
  expiryMs: number;
}

export class Slots {
  readonly #inside = new Map<number, Held>();
  #bytes = 0;
  #next = 0;

  get requests(): number {
    return this.#inside.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Null when there are as many inside as there may be, or as many of this caller.
   * @param caller null for those who share nothing but the gateway: on a developer's machine everybody is one caller
   */
  acquire({ concurrentRequests, bodyBytes }: SlotLimits, caller: string | null, nowMs: number): Slot | null {
    const isFull = () => {
      const ofCaller = this.#heldBy(caller).length;
      return this.#inside.size >= concurrentRequests || ofCaller >= Math.ceil(concurrentRequests * CALLER_SHARE);
    };
    if (isFull()) this.#expire(nowMs);
    if (isFull()) return null;
    const id = this.#next++;
    const held: Held = { caller, bytes: 0, expiryMs: 0 };
    // A body that the policy allows must fit when it is alone.
    const mostBytes = Math.max(MAX_BODIES_BYTES, bodyBytes);
    const mostOfCaller = Math.max(MAX_BODIES_BYTES * CALLER_SHARE, bodyBytes);
    const isTooMuch = (bytes: number) =>
      this.#bytes + bytes > mostBytes || (caller !== null && sum(this.#heldBy(caller)) + bytes > mostOfCaller);
    const renew = (nowMs: number) => {
      // It may have been taken for dead.
      if (!this.#inside.has(id)) this.#bytes += held.bytes;
      held.expiryMs = nowMs + LEASE_MS;
      this.#inside.set(id, held);
    };
    const reserveBytes = (bytes: number, nowMs: number) => {
      renew(nowMs);
      if (isTooMuch(bytes)) this.#expire(nowMs);
      if (isTooMuch(bytes)) return false;
      held.bytes += bytes;
      this.#bytes += bytes;
      return true;
    };
    renew(nowMs);
    return { reserveBytes, renew, release: () => this.#remove(id) };
  }

  #heldBy(caller: string | null): Held[] {
    return caller === null ? [] : [...this.#inside.values()].filter((held) => held.caller === caller);
  }

  #remove(id: number): void {
    this.#bytes -= this.#inside.get(id)?.bytes ?? 0;
    this.#inside.delete(id);
  }

  #expire(nowMs: number): void {
    for (const [id, { expiryMs }] of this.#inside) if (expiryMs <= nowMs) this.#remove(id);
  }
}

function sum(held: readonly Held[]): number {
  return held.reduce((total, { bytes }) => total + bytes, 0);
}
