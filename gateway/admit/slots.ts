/**
 * Bounds the concurrent requests of an isolate and the bytes of their bodies: beside the model there are 16 MiB for all of them. A
 * slot expires, because the `finally` of a request that the runtime cancels never runs. Pure: time is an argument.
 */
import type { Policy } from "../../policies/schema.ts";

/** Bytes of bodies, and then of the texts in them, that may be held until they are answered. Calls of an origin make copies. */
export const MAX_BODIES_BYTES = 4 * 1_048_576;
/** The largest part of the slots and bytes that one caller may hold, so that one key cannot block the others. */
const CALLER_SHARE = 0.5;
/** A slot expires this long after its last renewal. Every wait inside a request is shorter. */
export const LEASE_MS = 150_000;

export type SlotLimits = Pick<Policy["limits"], "concurrentRequests" | "bodyBytes">;

export interface Slot {
  /** Counts bytes that have arrived; false if they are more than the isolate may hold. Also renews the slot. */
  reserveBytes(bytes: number, nowMs: number): boolean;
  /** Postpones the expiry. */
  renew(nowMs: number): void;
  /** Gives the slot and its bytes back. Calling it again has no effect. */
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
   * Null if all slots are in use, or all that this caller may have.
   * @param caller null for callers without a limit, as on a developer's machine
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
    // A body that the policy allows must fit if it is the only one.
    const mostBytes = Math.max(MAX_BODIES_BYTES, bodyBytes);
    const mostOfCaller = Math.max(MAX_BODIES_BYTES * CALLER_SHARE, bodyBytes);
    const isTooMuch = (bytes: number) =>
      this.#bytes + bytes > mostBytes || (caller !== null && sum(this.#heldBy(caller)) + bytes > mostOfCaller);
    const renew = (nowMs: number) => {
      // It may have expired.
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
