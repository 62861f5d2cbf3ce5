/** The merges of BPE in typed arrays: for a pair of tokens, the rank of their merge; for a rank, the token that it makes. */
const NONE = -1;

export class MergeTable {
  /** Left, right and rank of each slot. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #made: Int32Array;

  constructor(merges: number) {
    const slots = 2 ** Math.ceil(Math.log2(merges * 1.5 + 2));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * 3).fill(NONE);
    this.#made = new Int32Array(merges);
  }

  /** A pair that is set again has its last rank. */
  set(left: number, right: number, rank: number, made: number): void {
    let slot = hash(left, right) & this.#mask;
    while ((this.#slots[slot * 3] ?? NONE) >= 0 && !this.#is(slot, left, right)) slot = (slot + 1) & this.#mask;
    this.#slots.set([left, right, rank], slot * 3);
    this.#made[rank] = made;
  }

  /** -1 if the pair is not merged. */
  rank(left: number, right: number): number {
    for (let slot = hash(left, right) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if ((this.#slots[slot * 3] ?? NONE) < 0) return NONE;
      if (this.#is(slot, left, right)) return this.#slots[slot * 3 + 2] ?? NONE;
    }
  }

  made(rank: number): number {
    return this.#made[rank] ?? NONE;
  }

  #is(slot: number, left: number, right: number): boolean {
    return this.#slots[slot * 3] === left && this.#slots[slot * 3 + 1] === right;
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
