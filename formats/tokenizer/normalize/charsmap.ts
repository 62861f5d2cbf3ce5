/** The binary form of SentencePiece's normalization rules: a double array over UTF-8 bytes, and the replacements. */
const HAS_VALUE = 0x100;
const LABEL = 0x800000ff;
const VALUE = 0x7fffffff;

export class Charsmap {
  readonly #units: Uint32Array;
  readonly #replacements: Uint8Array;
  readonly #key: number[] = [];

  /**
   * @param bytes the trie's size in bytes, the trie, the replacements, each ended by a zero byte
   * @throws RangeError if it is shorter than its header states
   */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = view.getUint32(0, true) >>> 2;
    this.#units = Uint32Array.from({ length: size }, (_, index) => view.getUint32(4 + 4 * index, true));
    this.#replacements = bytes.slice(4 + 4 * size);
  }

  /** @returns false if no rule is a beginning of the characters; else `put` has received the shortest one's replacement */
  replace(codePoints: readonly number[], put: (codePoint: number) => void): boolean {
    const at = this.#find(codePoints);
    if (at < 0) return false;
    let index = at;
    while (index < this.#replacements.length) {
      const byte = this.#replacements[index] ?? 0;
      if (byte === 0) break;
      const length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      let codePoint = length === 1 ? byte : byte & (0xff >> (length + 1));
      for (let more = 1; more < length; more++) {
        codePoint = (codePoint << 6) | ((this.#replacements[index + more] ?? 0) & 0x3f);
      }
      put(codePoint);
      index += length;
    }
    return true;
  }

  /** Where the replacement begins, or -1. */
  #find(codePoints: readonly number[]): number {
    const key = this.#key;
    key.length = 0;
    for (const codePoint of codePoints) pushUtf8(codePoint, key);
    let node = offset(this.#units[0] ?? 0);
    for (const byte of key) {
      if (byte === 0) return -1;
      node ^= byte;
      const unit = this.#units[node] ?? 0;
      if ((unit & LABEL) >>> 0 !== byte) return -1;
      node ^= offset(unit);
      if ((unit & HAS_VALUE) !== 0) return (this.#units[node] ?? 0) & VALUE;
    }
    return -1;
  }
}

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function pushUtf8(codePoint: number, bytes: number[]): void {
  if (codePoint < 0x80) bytes.push(codePoint);
  else if (codePoint < 0x800) bytes.push(0xc0 | (codePoint >> 6), 0x80 | (codePoint & 0x3f));
  else if (codePoint < 0x10000) {
    bytes.push(0xe0 | (codePoint >> 12), 0x80 | ((codePoint >> 6) & 0x3f), 0x80 | (codePoint & 0x3f));
  } else {
    bytes.push(0xf0 | (codePoint >> 18), 0x80 | ((codePoint >> 12) & 0x3f));
    bytes.push(0x80 | ((codePoint >> 6) & 0x3f), 0x80 | (codePoint & 0x3f));
  }
}
