/**
 * The fewest tokens of the vocabulary that a text can be cut into, as its code points arrive: a lower bound for BPE, which is known before
 * the word is over.
 */
import { ROOT, type Trie } from "../core/trie.ts";

export class FewestTokens {
  readonly #trie: Trie;
  /** The fewest tokens until each of the last places, by place modulo their number. */
  readonly #fewest: Int32Array;
  readonly #begins: number[] = [];
  readonly #nodes: number[] = [];
  #end = 0;

  constructor(trie: Trie, maxTokenLength: number) {
    this.#trie = trie;
    this.#fewest = new Int32Array(maxTokenLength + 1);
  }

  get tokens(): number {
    return this.#begins.reduce((least, begin) => Math.min(least, this.#at(begin)), this.#at(this.#end));
  }

  /** @returns the units of work that it took */
  put(codePoint: number): number {
    // An unknown character is no token where there is no token for it.
    let fewest = this.#at(this.#end) + 1;
    let isToken = false;
    this.#begins.push(this.#end++);
    this.#nodes.push(ROOT);
    const units = this.#begins.length;
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
    this.#begins.length = kept;
    this.#nodes.length = kept;
    this.#fewest[this.#end % this.#fewest.length] = isToken ? fewest : this.#at(this.#end - 1);
    return units;
  }

  #at(place: number): number {
    return this.#fewest[place % this.#fewest.length] ?? 0;
  }
}
