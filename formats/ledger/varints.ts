/** Bytes in the ledger's encoding: whole numbers as LEB128 varints, negative ones in zigzag, texts with their length in front. */

const INITIAL_BYTES = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class VarintWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;

  /** The bytes written so far, copied. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  /** @param value a whole number from -2^52 to 2^52 - 1 */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): void {
    this.block(encoder.encode(value));
  }

  /** Writes the length, then the bytes. */
  block(value: Uint8Array): void {
    this.number(value.byteLength);
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#length);
    this.#length += value.byteLength;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(2 * (this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The bytes are not what a writer of this version has written. */
export class LedgerFormatError extends Error {
  constructor(problem: string) {
    super(`not a ledger message: ${problem}`);
    this.name = "LedgerFormatError";
  }
}

/** Each method throws a `LedgerFormatError` where the bytes end early or hold something else. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new LedgerFormatError(`it ends at byte ${this.#bytes.byteLength}`);
      value += (byte & 0x7f) * factor;
      if (byte <= 0x7f) {
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        break;
      }
    }
    throw new LedgerFormatError(`the number before byte ${this.#at} is larger than 2^53`);
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const bytes = this.block();
    try {
      return decoder.decode(bytes);
    } catch {
      throw new LedgerFormatError(`the text before byte ${this.#at} is not UTF-8`);
    }
  }

  /** The next block, without a copy. */
  block(): Uint8Array {
    const length = this.number();
    const from = this.#at;
    if (from + length > this.#bytes.byteLength)
      throw new LedgerFormatError(`it ends at byte ${this.#bytes.byteLength}`);
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }
}
