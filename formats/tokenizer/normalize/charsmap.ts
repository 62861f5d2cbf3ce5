/** The binary form of SentencePiece's normalization rules: a double array over UTF-8 bytes, and the replacements. */
const HAS_VALUE = 0x100;
const LABEL = 0x800000ff;
const VALUE = 0x7fffffff;

export class Charsmap {
  readonly #units: Uint32Array;
  readonly #replacements: Uint8Array;

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

  /**
   * @param count of the code points that are looked up
   * @returns false if no rule is a beginning of the characters; else `put` has received the shortest one's replacement
   */
  replace(codePoints: Int32Array, count: number, put: (codePoint: number) => void): boolean {
    const at = this.#find(codePoints, count);
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
  #find(codePoints: Int32Array, count: number): number {
    let node = offset(this.#units[0] ?? 0);
    for (let index = 0; index < count; index++) {
      const codePoint = codePoints[index] ?? 0;
      const length = utf8Length(codePoint);
      for (let place = 0; place < length; place++) {
        const byte = utf8Byte(codePoint, length, place);
        if (byte === 0) return -1;
        node ^= byte;
        const unit = this.#units[node] ?? 0;
        if ((unit & LABEL) >>> 0 !== byte) return -1;
        node ^= offset(unit);
        if ((unit & HAS_VALUE) !== 0) return (this.#units[node] ?? 0) & VALUE;
      }
    }
    return -1;
  }
}

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Bytes of a character in UTF-8. */
export function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function utf8Byte(codePoint: number, length: number, place: number): number {
  if (length === 1) return codePoint;
  const bits = codePoint >> (6 * (length - 1 - place));
  return place === 0 ? ((0xf00 >> length) & 0xff) | bits : 0x80 | (bits & 0x3f);
}
