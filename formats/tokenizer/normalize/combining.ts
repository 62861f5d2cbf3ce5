/** The order of combining characters, and what joins with what: Unicode's canonical ordering and composition. */
import { ROOT, Trie } from "../core/trie.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { COMBINING_ORDER, DECOMPOSABLE, TOO_NEW } from "../unicode/tables.ts";

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const FIRST_LEADING = 0x1100;
const LAST_LEADING = 0x1112;
const FIRST_VOWEL = 0x1161;
const LAST_VOWEL = 0x1175;
/** One before the first: no trailing consonant is one of 28. */
const BEFORE_TRAILING = 0x11a7;
const LAST_TRAILING = 0x11c2;
const VOWELS = 21;
const TRAILINGS = 28;

export function isSyllable(codePoint: number): boolean {
  return codePoint >= FIRST_SYLLABLE && codePoint <= LAST_SYLLABLE;
}

/** Calls `put` with the parts of a Korean syllable, by Unicode's arithmetic. */
export function putJamo(syllable: number, put: (codePoint: number) => void): void {
  const index = syllable - FIRST_SYLLABLE;
  put(FIRST_LEADING + Math.floor(index / (VOWELS * TRAILINGS)));
  put(FIRST_VOWEL + Math.floor((index % (VOWELS * TRAILINGS)) / TRAILINGS));
  if (index % TRAILINGS > 0) put(BEFORE_TRAILING + (index % TRAILINGS));
}

/** Combining characters by the rank of their combining class. */
export class CombiningOrder {
  /** Ascending: the first code point of each range, and one past its last. */
  readonly #firsts: Int32Array;
  readonly #ends: Int32Array;
  readonly #ranks: Uint8Array;

  constructor() {
    const numbers = COMBINING_ORDER.split(",").map((text) => Number.parseInt(text, 36));
    const ranges = numbers.length / 3;
    this.#firsts = new Int32Array(ranges);
    this.#ends = new Int32Array(ranges);
    this.#ranks = new Uint8Array(ranges);
    let at = 0;
    for (let range = 0; range < ranges; range++) {
      const [gap = 0, more = 0, rank = 0] = numbers.slice(3 * range, 3 * range + 3);
      this.#firsts[range] = at + gap;
      at += gap + more + 1;
      this.#ends[range] = at;
      this.#ranks[range] = rank;
    }
  }

  /** From 1 up, as the combining classes; 0 for a character that is not sorted. */
  rank(codePoint: number): number {
    if (codePoint < 0x300) return 0;
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= codePoint) low = middle + 1;
      else high = middle;
    }
    return low > 0 && codePoint < (this.#ends[low - 1] ?? 0) ? (this.#ranks[low - 1] ?? 0) : 0;
  }
}

/** A row of combining characters, sorted by rank as they come; of the same rank the first stays first. */
export class SortedMarks {
  readonly #order: CombiningOrder;
  #marks = new Int32Array(16);
  #count = 0;

  constructor(order: CombiningOrder) {
    this.#order = order;
  }

  get count(): number {
    return this.#count;
  }

  at(index: number): number {
    return this.#marks[index] ?? 0;
  }

  add(mark: number): void {
    if (this.#count === this.#marks.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    const rank = this.#order.rank(mark);
    let low = 0;
    for (let high = this.#count; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#order.rank(this.#marks[middle] ?? 0) <= rank) low = middle + 1;
      else high = middle;
    }
    this.#marks.copyWithin(low + 1, low, this.#count++);
    this.#marks[low] = mark;
  }

  /** Keeps the first ones, which the caller has set. */
  truncate(count: number): void {
    this.#count = count;
  }

  set(index: number, mark: number): void {
    this.#marks[index] = mark;
  }
}

/** The characters that two others make. */
export class Compositions {
  readonly #pairs = new Trie(2048);

  constructor() {
    const [decomposable, tooNew] = [new CodePointSet(DECOMPOSABLE), new CodePointSet(TOO_NEW)];
    for (const codePoint of decomposable) {
      if (isSyllable(codePoint) || tooNew.has(codePoint)) continue;
      const char = String.fromCodePoint(codePoint);
      // Others are made of their parts by no form.
      if (char.normalize("NFC") !== char) continue;
      const parts = [...char.normalize("NFD")];
      const last = parts.pop() ?? "";
      const first = parts.join("").normalize("NFC");
      if ([...first].length === 1) this.#pairs.set(first + last, codePoint);
    }
  }

  /** What two characters make; -1 if they make none. */
  of(first: number, second: number): number {
    if (second < 0x300) return -1;
    if (first >= FIRST_LEADING && first <= LAST_LEADING && second >= FIRST_VOWEL && second <= LAST_VOWEL) {
      return FIRST_SYLLABLE + ((first - FIRST_LEADING) * VOWELS + (second - FIRST_VOWEL)) * TRAILINGS;
    }
    const isOpen = isSyllable(first) && (first - FIRST_SYLLABLE) % TRAILINGS === 0;
    if (isOpen && second > BEFORE_TRAILING && second <= LAST_TRAILING) return first + second - BEFORE_TRAILING;
    return this.#pairs.value(this.#pairs.child(this.#pairs.child(ROOT, first), second));
  }
}
