/** Bytes that grow as they are written, in protobuf's scalar encodings. https://protobuf.dev/programming-guides/encoding/ */

const FIRST_BYTES = 1024;

export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** What was written, without a copy. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.byteLength).set(bytes);
  }

  varint(value: bigint | number): void {
    let rest = BigInt(value);
    for (; rest > 0x7fn; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  double(value: number): void {
    this.#view(8).setFloat64(0, value, true);
  }

  fixed64(value: bigint): void {
    this.#view(8).setBigUint64(0, value, true);
  }

  fixed32(value: number): void {
    this.#view(4).setUint32(0, value, true);
  }

  #byte(value: number): void {
    this.#room(1)[0] = value;
  }

  #view(sizeBytes: number): DataView {
    const { buffer, byteOffset } = this.#room(sizeBytes);
    return new DataView(buffer, byteOffset, sizeBytes);
  }

  #room(sizeBytes: number): Uint8Array<ArrayBuffer> {
    const from = this.#length;
    this.#length += sizeBytes;
    if (this.#length > this.#bytes.byteLength) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(from, this.#length);
  }
}
