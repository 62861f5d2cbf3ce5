/** Merges the symbols of one word, the lowest rank first, of equal ranks the leftmost: n log n. */
import type { MergeTable } from "./merge-table.ts";

/** Ranks and places are one number in the heap: a word has fewer symbols than this. */
const PLACES = 2 ** 24;
const GONE = -1;

/** One word at a time. */
export class MergeWord {
  readonly #merges: MergeTable;
  #ids: Int32Array = new Int32Array(0);
  #length = 0;
  readonly #previous: Int32Array;
  readonly #following: Int32Array;
  /** A binary heap of rank × PLACES + place. */
  #heap: Float64Array;
  #heapLength = 0;

  /** @param maxSymbols of the words */
  constructor(merges: MergeTable, maxSymbols: number) {
    this.#merges = merges;
    this.#previous = new Int32Array(maxSymbols);
    this.#following = new Int32Array(maxSymbols);
    this.#heap = new Float64Array(maxSymbols);
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
    for (; this.#heapLength > 0; units += 4) this.#mergeNext(this.#pop());
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

  #mergeNext(key: number): void {
    const place = key % PLACES;
    const made = this.#merges.made((key - place) / PLACES);
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
    if (this.#heapLength === this.#heap.length) {
      const larger = new Float64Array(2 * this.#heapLength + 1);
      larger.set(this.#heap);
      this.#heap = larger;
    }
    const heap = this.#heap;
    const key = rank * PLACES + place;
    let at = this.#heapLength++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? 0;
      if (above <= key) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = key;
  }

  #pop(): number {
    const heap = this.#heap;
    const top = heap[0] ?? 0;
    const length = --this.#heapLength;
    const last = heap[length] ?? 0;
    if (length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      if ((heap[child] ?? 0) >= last) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
