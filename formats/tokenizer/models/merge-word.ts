/** Merges the symbols of one word, the lowest rank first, of equal ranks the leftmost: n log n. */
import type { MergeTable } from "./merge-table.ts";

const GONE = -1;

/** One word at a time. */
export class MergeWord {
  readonly #merges: MergeTable;
  #ids: Int32Array = new Int32Array(0);
  #length = 0;
  readonly #previous: Int32Array;
  readonly #following: Int32Array;
  /** A binary heap of ranks and their places. */
  #ranks: Int32Array;
  #places: Int32Array;
  #heapLength = 0;

  /** @param maxSymbols of the words */
  constructor(merges: MergeTable, maxSymbols: number) {
    this.#merges = merges;
    this.#previous = new Int32Array(maxSymbols);
    this.#following = new Int32Array(maxSymbols);
    this.#ranks = new Int32Array(maxSymbols);
    this.#places = new Int32Array(maxSymbols);
  }

  /** @param ids the word's symbols are the first of them; they are changed. @returns the units of work */
  merge(ids: Int32Array, length: number): number {
    this.#ids = ids;
    this.#length = length;
    this.#heapLength = 0;
    for (let place = 0; place < length; place++) {
      this.#previous[place] = place - 1;
      this.#following[place] = place + 1 < length ? place + 1 : GONE;
    }
    for (let place = 0; place + 1 < length; place++) this.#offer(place, place + 1);
    let units = length;
    for (; this.#heapLength > 0; units += 4) this.#mergeFirst();
    return units;
  }

  /** Adds the tokens of the word. */
  putTokens(ids: number[]): void {
    for (let place = 0; place !== GONE && place < this.#length; place = this.#following[place] ?? GONE) {
      ids.push(this.#ids[place] ?? 0);
    }
  }

  /** Whether the word has two tokens, of which the second begins at a place; one, if the place is the first. */
  isCutAt(place: number): boolean {
    return (place === 0 || this.#following[0] === place) && this.#following[place] === GONE;
  }

  #mergeFirst(): void {
    const place = this.#places[0] ?? 0;
    const made = this.#merges.made(this.#ranks[0] ?? 0);
    this.#pop();
    const left = this.#ids[place] ?? GONE;
    const next = this.#following[place] ?? GONE;
    if (left === GONE || next === GONE) return;
    const rank = this.#merges.rank(left, this.#ids[next] ?? GONE);
    // The entry is old: the pair is another one by now.
    if (rank < 0 || this.#merges.made(rank) !== made) return;
    this.#ids[place] = made;
    this.#ids[next] = GONE;
    const after = this.#following[next] ?? GONE;
    this.#following[place] = after;
    if (after !== GONE) this.#previous[after] = place;
    const before = this.#previous[place] ?? GONE;
    if (before !== GONE) this.#offer(before, place);
    if (after !== GONE) this.#offer(place, after);
  }

  #offer(place: number, next: number): void {
    const rank = this.#merges.rank(this.#ids[place] ?? GONE, this.#ids[next] ?? GONE);
    if (rank < 0) return;
    if (this.#heapLength === this.#ranks.length) {
      this.#ranks = twiceAsLong(this.#ranks);
      this.#places = twiceAsLong(this.#places);
    }
    let at = this.#heapLength++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(rank, place, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#ranks[at] = rank;
    this.#places[at] = place;
  }

  #pop(): void {
    const length = --this.#heapLength;
    const rank = this.#ranks[length] ?? 0;
    const place = this.#places[length] ?? 0;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const other = child + 1;
      if (other < length && this.#isBefore(this.#ranks[other] ?? 0, this.#places[other] ?? 0, child)) child = other;
      if (this.#isBefore(rank, place, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#ranks[at] = rank;
    this.#places[at] = place;
  }

  /** Whether a rank and its place are before an entry of the heap. */
  #isBefore(rank: number, place: number, at: number): boolean {
    const other = this.#ranks[at] ?? 0;
    return rank < other || (rank === other && place < (this.#places[at] ?? 0));
  }

  #move(from: number, to: number): void {
    this.#ranks[to] = this.#ranks[from] ?? 0;
    this.#places[to] = this.#places[from] ?? 0;
  }
}

function twiceAsLong(array: Int32Array): Int32Array {
  const larger = new Int32Array(2 * array.length + 1);
  larger.set(array);
  return larger;
}
