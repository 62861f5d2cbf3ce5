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
