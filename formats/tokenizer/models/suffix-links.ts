/**
 * The tokens that end at a place of a word, without looking at each that begins before it (Aho and Corasick, 1975). The links of a tree of
 * 50,000 tokens would be as large as the tree; they are found when they are needed, and the last ones are remembered.
 */
import type { Trie } from "../core/trie.ts";

/** Nodes whose links are remembered. */
const NODES = 4096;
const NONE = -1;

export class SuffixLinks {
  readonly #trie: Trie;
  readonly #root: number;
  /** Of each node: its own number, its suffix, its ending and its depth. The root has none. */
  readonly #links = new Int32Array(NODES * 4).fill(NONE);

  /** @param root where the tokens begin */
  constructor(trie: Trie, root: number) {
    this.#trie = trie;
    this.#root = root;
  }

  /** The node of the longest text that ends with the character and begins a token; the root for the empty one. */
  next(node: number, codePoint: number): number {
    for (let at = node; ; at = this.suffix(at)) {
      const child = this.#trie.child(at, codePoint);
      if (child >= 0) return child;
      if (at === this.#root) return at;
    }
  }

  /** The node of the longest text that ends the node's, is shorter, and begins a token. @param node not the root */
  suffix(node: number): number {
    return this.#links[this.#placeOf(node) + 1] ?? NONE;
  }

  /** The first of the suffixes that is a token; -1 if none is. @param node not the root */
  ending(node: number): number {
    return this.#links[this.#placeOf(node) + 2] ?? NONE;
  }

  /** Characters of the node's text. */
  depth(node: number): number {
    return node === this.#root ? 0 : (this.#links[this.#placeOf(node) + 3] ?? 0);
  }

  #placeOf(node: number): number {
    const place = (node % NODES) * 4;
    if (this.#links[place] !== node) this.#find(node, place);
    return place;
  }

  /** As deep as the node is, unless the links of the nodes before it are known. */
  #find(node: number, place: number): void {
    const parent = this.#trie.parent(node);
    const suffix = parent === this.#root ? parent : this.next(this.suffix(parent), this.#trie.label(node));
    const isToken = suffix !== this.#root && this.#trie.value(suffix) >= 0;
    const ending = suffix === this.#root || isToken ? suffix : this.ending(suffix);
    const depth = this.depth(parent) + 1;
    this.#links[place] = node;
    this.#links[place + 1] = suffix;
    this.#links[place + 2] = ending === this.#root ? NONE : ending;
    this.#links[place + 3] = depth;
  }
}
