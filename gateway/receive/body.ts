/** Reads a body by counting its bytes (Content-Length is only a promise) and never waits for a silent sender for ever. */

import type { Slot } from "../admit/slots.ts";
import { ok, type Refusal, type Result, refused } from "../refusal.ts";
import { type Clock } from "../call.ts";

/** The whole body must have arrived within this time. */
const BODY_TIMEOUT_MS = 15_000;

function tooLarge(maxBytes: number): Refusal {
  return {
    code: "too-large",
    publicText: `The body is larger than ${maxBytes} bytes. Send fewer or shorter inputs.`,
    reason: "body-bytes",
  };
}
const tooSlow: Refusal = {
  code: "malformed",
  publicText: "The body did not arrive in time. Send the request again.",
  reason: "body-timeout",
};
const broken: Refusal = {
  code: "malformed",
  publicText: "The body ended too early. Send the request again.",
  reason: "body-broken",
};

/** No place, or no room for the body: before anything else of the request is looked at. */
export const isolateBusy: Refusal = {
  code: "rate-limited",
  publicText: "The gateway holds as many requests as it can. Try again in a second.",
  reason: "isolate-busy",
  retryAfterMs: 1000,
};

export async function readBody(
  request: Request,
  maxBytes: number,
  clock: Clock,
  slot: Slot,
): Promise<Result<Uint8Array>> {
  if (request.body === null) return ok(new Uint8Array());
  const reader = request.body.getReader();
  const deadline = new Deadline(clock.wait(BODY_TIMEOUT_MS));
  const gathered = new Gathered();
  try {
    for (;;) {
      const read = await deadline.within(reader.read());
      if (read === "deadline") return await giveUp(reader, tooSlow);
      if (read.done) return ok(gathered.bytes);
      const { byteLength } = read.value;
      if (gathered.size + byteLength > maxBytes) return await giveUp(reader, tooLarge(maxBytes));
      if (!slot.reserveBytes(byteLength, clock.nowMs())) return await giveUp(reader, isolateBusy);
      gathered.add(read.value);
    }
  } catch {
    return refused(broken);
  }
}

async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>, refusal: Refusal): Promise<Result<Uint8Array>> {
  // A sender that is gone already is nothing new.
  await reader.cancel().catch(() => {});
  return refused(refusal);
}

/** A time by which several waits, one after another, must be over. */

/** `Promise.race` with one promise again and again would make that one hold on to every result until it settles itself. */
export class Deadline {
  #isOver = false;
  #ring = () => {};

  constructor(over: Promise<unknown>) {
    void over.then(() => {
      this.#isOver = true;
      this.#ring();
    });
  }

  /** What `work` comes to, or "deadline" where that is first. */
  within<T>(work: Promise<T>): Promise<T | "deadline"> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject);
      this.#ring = () => resolve("deadline");
      if (this.#isOver) this.#ring();
    });
  }
}

/** Bytes in one block that grows: a sender of a million pieces of one byte must not cost a million objects. */

const FIRST_BYTES = 8192;

export class Gathered {
  #block = new Uint8Array(FIRST_BYTES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Without a copy. */
  get bytes(): Uint8Array {
    return this.#block.subarray(0, this.#size);
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength;
    if (size > this.#block.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#block.byteLength));
      larger.set(this.bytes);
      this.#block = larger;
    }
    this.#block.set(piece, this.#size);
    this.#size = size;
  }
}
