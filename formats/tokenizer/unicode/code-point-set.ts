/** A set of code points, from the form of `tables.ts`. */
const ASCII = 128;

export class CodePointSet {
  readonly #ascii = new Uint8Array(ASCII);
  /** First and one past the last code point of each range, ascending. */
  readonly #bounds: Int32Array;

  /** @param ranges pairs of base-36 numbers, separated by commas: the gap since the last range, and the range's length less one */
  constructor(ranges: string) {
    const numbers = ranges.split(",");
    this.#bounds = new Int32Array(numbers.length);
    let at = 0;
    numbers.forEach((text, index) => {
      at += Number.parseInt(text, 36) + (index % 2);
      this.#bounds[index] = at;
    });
    for (let codePoint = 0; codePoint < ASCII; codePoint++) this.#ascii[codePoint] = this.#search(codePoint) ? 1 : 0;
  }

  has(codePoint: number): boolean {
    return codePoint < ASCII ? this.#ascii[codePoint] === 1 : this.#search(codePoint);
  }

  /** Ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let range = 0; range < this.#bounds.length; range += 2) {
      const end = this.#bounds[range + 1] ?? 0;
      for (let codePoint = this.#bounds[range] ?? 0; codePoint < end; codePoint++) yield codePoint;
    }
  }

  #search(codePoint: number): boolean {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] ?? 0) <= codePoint) low = middle + 1;
      else high = middle;
    }
    return low % 2 === 1;
  }
}
