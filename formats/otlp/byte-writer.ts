/**
 * Bytes in protobuf's encodings, written from the last to the first: a nested message's length is known when its head is written, so
 * nothing is measured beforehand or copied afterwards. https://protobuf.dev/programming-guides/encoding/
 */

const INITIAL_BYTES = 4096;
const encoder = new TextEncoder();

export class ByteWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  /** The bytes from this index to the end are written. */
  #at = INITIAL_BYTES;

  /** The bytes written so far, without a copy. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#at);
  }

  get length(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** Writes a whole number that is not negative. */
  varint(value: number): void {
    let sizeBytes = 1;
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) sizeBytes++;
    let at = this.#room(sizeBytes);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[at++] = (rest % 128) | 0x80;
    this.#bytes[at] = rest;
  }

  /** Writes a whole number given in digits. A negative one is written as its 64-bit complement, ten bytes long. */
  int64(decimal: string): void {
    const near = Number(decimal);
    if (near >= 0 && near <= Number.MAX_SAFE_INTEGER) this.varint(near);
    else this.#longVarint(BigInt.asUintN(64, BigInt(decimal)));
  }

  double(value: number): void {
    const from = this.#room(8);
    this.#view.setFloat64(from, value, true);
  }

  fixed64(value: bigint): void {
    const from = this.#room(8);
    this.#view.setBigUint64(from, value, true);
  }

  fixed32(value: number): void {
    const from = this.#room(4);
    this.#view.setUint32(from, value, true);
  }

  /** Writes UTF-8. Half of a surrogate pair becomes U+FFFD. */
  text(value: string): void {
    if (this.#ascii(value)) return;
    const bytes = encoder.encode(value);
    const from = this.#room(bytes.byteLength);
    this.#bytes.set(bytes, from);
  }

  /** Writes a byte for every two digits. */
  hex(value: string): void {
    const sizeBytes = value.length >> 1;
    const from = this.#room(sizeBytes);
    for (let index = 0; index < sizeBytes; index++) {
      this.#bytes[from + index] = (digit(value, 2 * index) << 4) | digit(value, 2 * index + 1);
    }
  }

  /** Writes ASCII, which nearly all texts are. Any other text gives false, and nothing is written. */
  #ascii(value: string): boolean {
    const from = this.#room(value.length);
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        this.#at = from + value.length;
        return false;
      }
      this.#bytes[from + index] = unit;
    }
    return true;
  }

  #longVarint(value: bigint): void {
    const septets: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) septets.push(Number(rest & 0x7fn));
    const from = this.#room(septets.length);
    septets.forEach((septet, index) => {
      this.#bytes[from + index] = index + 1 < septets.length ? septet | 0x80 : septet;
    });
  }

  /** Reserves `sizeBytes` and returns the index of the first. To be called before `#bytes` or `#view` is read: it may replace both. */
  #room(sizeBytes: number): number {
    if (sizeBytes > this.#at) this.#grow(sizeBytes);
    this.#at -= sizeBytes;
    return this.#at;
  }

  #grow(sizeBytes: number): void {
    const written = this.written();
    const larger = new Uint8Array(2 * (written.byteLength + sizeBytes));
    this.#at = larger.byteLength - written.byteLength;
    larger.set(written, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function digit(hex: string, index: number): number {
  const code = hex.charCodeAt(index) | 0x20;
  return code > 0x60 ? code - 0x57 : code - 0x30;
}
