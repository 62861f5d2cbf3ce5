/**
 * What single characters become, such as their small letters. Each is computed once and kept as numbers: a string for each character of a
 * text would be 20 MiB of garbage for a megabyte. At most as many characters are kept as the set has.
 */
import type { CodePointSet } from "./code-point-set.ts";

const NONE = -1;
const FIRST_SLOTS = 64;

export class CodePointMap {
  readonly #changed: CodePointSet;
  readonly #compute: (codePoint: number) => string;
  /** A hash table: code points, and where their parts are. A power of two, at most half used. */
  #keys = new Int32Array(FIRST_SLOTS).fill(NONE);
  #places = new Int32Array(FIRST_SLOTS);
  #used = 0;
  /** The number of parts of each, and then the parts. */
  #pool = new Int32Array(FIRST_SLOTS);
  #poolEnd = 0;

  /**
   * @param changed others become themselves
   * @param compute what a character of the set becomes: one or more characters
   */
  constructor(changed: CodePointSet, compute: (codePoint: number) => string) {
    this.#changed = changed;
    this.#compute = compute;
  }

  /** The place of what the character becomes; -1 if that is itself. */
  placeOf(codePoint: number): number {
    if (!this.#changed.has(codePoint)) return NONE;
    const slot = this.#slotOf(codePoint);
    return this.#keys[slot] === codePoint ? (this.#places[slot] ?? NONE) : this.#add(codePoint);
  }

  /** How many code points are at a place. */
  lengthAt(place: number): number {
    return this.#pool[place] ?? 0;
  }

  codePointAt(place: number, index: number): number {
    return this.#pool[place + 1 + index] ?? 0;
  }

  #slotOf(codePoint: number): number {
    const mask = this.#keys.length - 1;
    let slot = (Math.imul(codePoint, 0x9e3779b1) >>> 12) & mask;
    while (this.#keys[slot] !== codePoint && this.#keys[slot] !== NONE) slot = (slot + 1) & mask;
    return slot;
  }

  #add(codePoint: number): number {
    const parts = this.#compute(codePoint);
    const place = this.#poolEnd;
    if (place + 1 + parts.length > this.#pool.length) {
      const larger = new Int32Array(2 * (this.#pool.length + parts.length));
      larger.set(this.#pool);
      this.#pool = larger;
    }
    let count = 0;
    for (let at = 0; at < parts.length; at++) {
      const part = parts.codePointAt(at) ?? 0;
      this.#pool[place + 1 + count++] = part;
      if (part > 0xffff) at++;
    }
    this.#pool[place] = count;
    this.#poolEnd = place + 1 + count;
    if (2 * ++this.#used > this.#keys.length) this.#grow();
    const slot = this.#slotOf(codePoint);
    this.#keys[slot] = codePoint;
    this.#places[slot] = place;
    return place;
  }

  #grow(): void {
    const [keys, places] = [this.#keys, this.#places];
    this.#keys = new Int32Array(2 * keys.length).fill(NONE);
    this.#places = new Int32Array(2 * keys.length);
    for (let index = 0; index < keys.length; index++) {
      const codePoint = keys[index] ?? NONE;
      if (codePoint === NONE) continue;
      const slot = this.#slotOf(codePoint);
      this.#keys[slot] = codePoint;
      this.#places[slot] = places[index] ?? 0;
    }
  }
}
