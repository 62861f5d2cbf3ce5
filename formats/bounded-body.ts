/**
 * Reads a body up to a bound, counting its bytes: Content-Length is only a claim of the sender. For streams of workerd, of Node and of
 * `fetch`.
 */

/** The part of a ReadableStream that is used. */
export interface ByteStream {
  getReader(): {
    read(): Promise<PieceRead>;
    cancel(): Promise<unknown>;
  };
}

/** A piece, or the end. */
export type PieceRead = { done: false; value: Uint8Array } | { done: true; value?: Uint8Array | undefined };

export interface BodyBounds {
  maxBytes: number;
  /** Resolves when the whole body must have arrived. Without it the read waits as long as the stream does. */
  deadline?: Promise<unknown>;
  /** Called before bytes are kept. False ends the read. */
  reserve?: (bytes: number) => boolean;
  /** Receives the bytes; false ends the read. Default: one block of them all. */
  into?: Collector;
  /** The pieces are this read's, as those of workerd: the memory of each is freed at once, and not by a later garbage collection. */
  freePieces?: boolean;
  /** Reads the rest of an unwanted body, up to `maxBytes`, and discards it: its sender then receives the answer. Default: cancel. */
  drainUnwanted?: boolean;
  /** Reads a body that is too large to its end and discards it, so that its sender still receives the answer. Default: cancel. */
  drain?: boolean;
}

/** Where the bytes of a body go. */
export interface Collector {
  /** Copies what it needs: the piece may be freed. @returns false if the rest of the body is not wanted */
  add(piece: Uint8Array): boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * `too-large`: more than `maxBytes`. `late`: the deadline passed. `no-room`: `reserve` returned false. `unwanted`: the collector returned
 * false. `broken`: the stream failed.
 */
export type BoundedBody =
  | { ok: true; bytes: Uint8Array<ArrayBuffer> }
  | { ok: false; why: "too-large" | "late" | "no-room" | "unwanted" | "broken" };

/** @param body null for an empty body */
export async function readBoundedBody(body: ByteStream | null, bounds: BodyBounds): Promise<BoundedBody> {
  if (body === null) return { ok: true, bytes: new Uint8Array() };
  const { maxBytes, deadline, reserve = () => true, drain = false } = bounds;
  const reader = body.getReader();
  const time = deadline === undefined ? null : new Deadline(deadline);
  const { into = new GrowingBlock(), freePieces = false, drainUnwanted = false } = bounds;
  let size = 0;
  let isTooLarge = false;
  let isUnwanted = false;
  const end = async (why: "too-large" | "late" | "no-room" | "unwanted"): Promise<BoundedBody> => {
    // The sender may have left already.
    await reader.cancel().catch(() => {});
    return { ok: false, why };
  };
  try {
    for (;;) {
      const read = await (time === null ? reader.read() : time.within(reader.read()));
      if (read === "late") return await end("late");
      if (read.done) {
        if (!isTooLarge && !isUnwanted) return { ok: true, bytes: into.bytes };
        return { ok: false, why: isTooLarge ? "too-large" : "unwanted" };
      }
      const { byteLength } = read.value;
      size += byteLength;
      isTooLarge ||= size > maxBytes;
      if (isTooLarge && drain) continue;
      if (isTooLarge) return await end("too-large");
      if (!isUnwanted && !reserve(byteLength)) return await end("no-room");
      isUnwanted ||= !into.add(read.value);
      if (freePieces) free(read.value);
      if (isUnwanted && !drainUnwanted) return await end("unwanted");
    }
  } catch {
    return { ok: false, why: "broken" };
  }
}

/** A piece behind the beginning of its block has neighbours, and stays. */
function free({ buffer, byteOffset }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteOffset === 0) buffer.transfer(0);
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

const FIRST_BYTES = 1024;
/** A block has at most this much that is not used. */
const MAX_MORE_BYTES = 131_072;

/** Bytes in one block that grows: a sender of a million pieces of one byte must not cost a million objects. */
export class GrowingBlock implements Collector {
  #block = new Uint8Array();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The bytes so far, without a copy. They are valid until the next change. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#block.subarray(0, this.#size);
  }

  /** The newest byte; undefined if there is none. */
  get last(): number | undefined {
    return this.#size === 0 ? undefined : this.#block[this.#size - 1];
  }

  add(piece: Uint8Array): true {
    this.reserve(piece.byteLength);
    this.#block.set(piece, this.#size);
    this.#size += piece.byteLength;
    return true;
  }

  /** Adds one byte. */
  push(byte: number): void {
    if (this.#size === this.#block.byteLength) this.reserve(1);
    this.#block[this.#size] = byte;
    this.#size += 1;
  }

  /** Drops the bytes from `size` on. */
  cut(size: number): void {
    this.#size = Math.min(this.#size, size);
  }

  /** Makes room for so many more bytes. The smaller block is freed at once, and not by a later garbage collection. */
  reserve(bytes: number): void {
    const size = this.#size + bytes;
    const { byteLength, buffer } = this.#block;
    if (size <= byteLength) return;
    if (byteLength === 0) this.#block = new Uint8Array(Math.max(size, FIRST_BYTES));
    else {
      const more = Math.min(byteLength, MAX_MORE_BYTES);
      this.#block = new Uint8Array(buffer.transfer(Math.max(size, byteLength + more)));
    }
  }

  /** Frees the memory at once. The block is empty then. */
  release(): void {
    if (this.#block.byteLength > 0) this.#block = new Uint8Array(this.#block.buffer.transfer(0));
    this.#size = 0;
  }
}
