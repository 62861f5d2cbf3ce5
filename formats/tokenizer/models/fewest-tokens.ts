/**
 * The fewest tokens of the vocabulary that the inside of a word can be cut into, as its code points arrive: a lower bound for BPE, which is
 * known before the word is over.
 */
import type { Trie } from "../core/trie.ts";

export class FewestTokens {
  readonly #trie: Trie;
  /** Where tokens inside a word begin in the tree. */
  readonly #inside: number;
  /** The fewest tokens until each of the last places, by place modulo their number. */
  readonly #fewest: Int32Array;
  /** Tokens that may be longer than what has arrived: the places where they begin, ascending, and their nodes. */
  readonly #begins: Int32Array;
  readonly #nodes: Int32Array;
  #open = 0;
  #end = 0;

  /** @param inside the node of the prefix that tokens inside a word have; the root if they have none */
  constructor(trie: Trie, inside: number, maxTokenLength: number) {
    this.#trie = trie;
    this.#inside = inside;
    this.#fewest = new Int32Array(maxTokenLength + 1);
    this.#begins = new Int32Array(maxTokenLength + 1);
    this.#nodes = new Int32Array(maxTokenLength + 1);
  }

  get tokens(): number {
    let least = this.#at(this.#end);
    for (let index = 0; index < this.#open; index++) least = Math.min(least, this.#at(this.#begins[index] ?? 0));
    return least;
  }

  /** A character that no token has. @param tokens how many it is by itself: one for an unknown token, none if there is no such token */
  putUnknown(tokens: 0 | 1): void {
    this.#open = 0;
    this.#end++;
    this.#fewest[this.#end % this.#fewest.length] = this.#at(this.#end - 1) + tokens;
  }

  /** @returns the units of work that it took */
  put(codePoint: number): number {
    let fewest = this.#at(this.#end) + 1;
    let isToken = false;
    this.#begins[this.#open] = this.#end++;
    this.#nodes[this.#open++] = this.#inside;
    const units = this.#open;
    let kept = 0;
    for (let index = 0; index < units; index++) {
      const node = this.#trie.child(this.#nodes[index] ?? -1, codePoint);
      if (node < 0) continue;
      const begin = this.#begins[index] ?? 0;
      this.#begins[kept] = begin;
      this.#nodes[kept++] = node;
      if (this.#trie.value(node) < 0) continue;
      isToken = true;
      fewest = Math.min(fewest, this.#at(begin) + 1);
    }
    this.#open = kept;
    this.#fewest[this.#end % this.#fewest.length] = isToken ? fewest : this.#at(this.#end - 1);
    return units;
  }

  #at(place: number): number {
    return this.#fewest[place % this.#fewest.length] ?? 0;
  }
}
