/**
 * Reads a body up to a bound, counting its bytes: Content-Length is only a claim of the sender. For streams of workerd, of Node and of
 * `fetch`.
 */

/** The part of a ReadableStream that is used. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined }>;
    cancel(): Promise<unknown>;
  };
}

export interface BodyBounds {
  maxBytes: number;
  /** Resolves when the whole body must have arrived. Without it the read waits as long as the stream does. */
  deadline?: Promise<unknown>;
  /** Called before bytes are kept. False ends the read. */
  reserve?: (bytes: number) => boolean;
  /** Reads a body that is too large to its end and discards it, so that its sender still receives the answer. Default: cancel. */
  drain?: boolean;
}

/** `too-large`: more than `maxBytes`. `late`: the deadline passed. `no-room`: `reserve` returned false. `broken`: the stream failed. */
export type BoundedBody =
  | { ok: true; bytes: Uint8Array<ArrayBuffer> }
  | { ok: false; why: "too-large" | "late" | "no-room" | "broken" };

/** @param body null for an empty body */
export async function readBoundedBody(body: ByteStream | null, bounds: BodyBounds): Promise<BoundedBody> {
  if (body === null) return { ok: true, bytes: new Uint8Array() };
  const { maxBytes, deadline, reserve = () => true, drain = false } = bounds;
  const reader = body.getReader();
  const time = deadline === undefined ? null : new Deadline(deadline);
  const block = new GrowingBlock();
  let isTooLarge = false;
  const end = async (why: "too-large" | "late" | "no-room"): Promise<BoundedBody> => {
    // The sender may have left already.
    await reader.cancel().catch(() => {});
    return { ok: false, why };
  };
  try {
    for (;;) {
      const read = await (time === null ? reader.read() : time.within(reader.read()));
      if (read === "late") return await end("late");
      if (read.done) return isTooLarge ? { ok: false, why: "too-large" } : { ok: true, bytes: block.bytes };
      const { byteLength } = read.value;
      isTooLarge ||= block.size + byteLength > maxBytes;
      if (isTooLarge && drain) continue;
      if (isTooLarge) return await end("too-large");
      if (!reserve(byteLength)) return await end("no-room");
      block.add(read.value);
    }
  } catch {
    return { ok: false, why: "broken" };
  }
}

/**
 * A time by which several consecutive waits must end. `Promise.race` with the same promise each time would make that promise keep every
 * result until it settles.
 */
class Deadline {
  #isOver = false;
  #onOver = () => {};

  constructor(over: Promise<unknown>) {
    void over.then(() => {
      this.#isOver = true;
      this.#onOver();
    });
  }

  within<T>(work: Promise<T>): Promise<T | "late"> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject);
      this.#onOver = () => resolve("late");
      if (this.#isOver) this.#onOver();
    });
  }
}

const FIRST_BYTES = 8192;

/** Bytes in one block that grows: a sender of a million pieces of one byte must not cost a million objects. */
export class GrowingBlock {
  #block = new Uint8Array(FIRST_BYTES);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The bytes so far, without a copy. */
  get bytes(): Uint8Array<ArrayBuffer> {
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
