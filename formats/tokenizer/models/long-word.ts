/**
 * BPE of a long word as its symbols arrive, in the memory of its undecided part.
 *
 * No merge crosses the end of a token, so a token's symbols are merged as if they were by themselves. It follows that a row of tokens is that
 * of its symbols if, and only if, each two neighbours are those of theirs; and that the tokens of a beginning of the word are those of a
 * shorter beginning and one more token. At each place, this one is found by merging it with the token before it.
 * (Berglund and van der Merwe, "Formalizing BPE Tokenization", 2023; the same for any merges.)
 */
import type { Trie } from "../core/trie.ts";
import { LastTokens, type OpenTokens, type PutToken } from "./last-tokens.ts";
import type { MergeTable } from "./merge-table.ts";
import { MergeWord } from "./merge-word.ts";
import { SuffixLinks } from "./suffix-links.ts";

const NONE = -1;
/** Pairs of neighbours whose merges are remembered within one text: texts of a megabyte in few tokens repeat themselves. */
const PAIRS = 8192;
const MAX_PROBES = 8;
/** Of a symbol, and of a merge, per symbol. A step in the tree is one. */
const SYMBOL_UNITS = 4;
const MERGE_UNITS = 6;
/** What is known of a pair. */
const NOTHING = 0;
const FITS = 1;
const DIFFERS = 2;

export interface LongWordParts {
  trie: Trie;
  merges: MergeTable;
  /** Where tokens begin in the tree inside a word: behind the prefix that they have there. */
  inside: number;
  /** In code points. */
  maxTokenLength: number;
}

/** One word after another. */
export class LongWord {
  readonly #parts: LongWordParts;
  readonly #tokens: LastTokens;
  /** Of the last places, by place modulo their number: the tokens until there, and the symbol behind it. */
  readonly #counts: Int32Array;
  readonly #symbols: Int32Array;
  readonly #links: SuffixLinks;
  /** Of the longest token inside the word that may be longer than what has arrived. */
  #node: number;
  /** Of the word's first token, if such tokens begin elsewhere in the tree; -1: it is over. */
  #first = NONE;
  /** Tokens that may be longer than what has arrived. */
  readonly #open: { begins: Int32Array; count: number };
  readonly #merged: MergeWord;
  readonly #mergedIds: Int32Array;
  readonly #known = new KnownPairs();
  #putOut = 0;

  constructor(parts: LongWordParts, put: PutToken) {
    const { trie, merges, inside, maxTokenLength } = parts;
    this.#parts = parts;
    this.#tokens = new LastTokens((id, before) => {
      this.#putOut++;
      put(id, before);
    });
    this.#counts = new Int32Array(maxTokenLength + 1);
    this.#symbols = new Int32Array(2 * maxTokenLength);
    this.#links = new SuffixLinks(trie, inside);
    this.#node = inside;
    this.#open = { begins: new Int32Array(maxTokenLength + 1), count: 0 };
    this.#merged = new MergeWord(merges, 2 * maxTokenLength);
    this.#mergedIds = new Int32Array(2 * maxTokenLength);
  }

  /** Tokens that the word certainly has, without those that were put out. */
  get certainTokens(): number {
    const { begins, count } = this.#openTokens();
    let least = this.#countAt(this.#tokens.end);
    for (let index = 0; index < count; index++) least = Math.min(least, this.#countAt(begins[index] ?? 0));
    return least - this.#putOut;
  }

  /**
   * The next symbol, of one character.
   * @param from where its token begins in the tree
   * @param suffix behind the character, if it is the last one
   * @returns the units of work
   */
  put(symbol: number, from: number, codePoint: number, suffix: readonly number[]): number {
    this.#advance(symbol);
    if (suffix.length > 0) return this.#putLast(from, codePoint, suffix);
    const { trie, inside } = this.#parts;
    const isFirst = this.#tokens.end === 1 && from !== inside;
    this.#first = trie.child(isFirst ? from : this.#first, codePoint);
    if (!isFirst) this.#node = this.#links.next(this.#node, codePoint);
    let units = SYMBOL_UNITS + this.#offer(this.#first, this.#tokens.end);
    const begin = this.#node !== inside && trie.value(this.#node) < 0 ? this.#links.ending(this.#node) : this.#node;
    for (let node = begin; this.#isMissing && node >= 0 && node !== inside; node = this.#links.ending(node)) {
      units += this.#offer(node, this.#links.depth(node));
    }
    this.#mustHaveToken();
    return units + this.#settle();
  }

  /** The token of an unknown character. It is no part of any other. */
  putUnknown(symbol: number): number {
    this.#advance(symbol);
    this.#first = NONE;
    this.#node = this.#parts.inside;
    this.#setToken(symbol, 1);
    return SYMBOL_UNITS + this.#settle();
  }

  /** The word is over: puts out its tokens. The next word begins. */
  end(): void {
    this.#tokens.finish();
    this.#first = NONE;
    this.#node = this.#parts.inside;
    this.#counts[0] = 0;
    this.#putOut = 0;
  }

  #advance(symbol: number): void {
    this.#symbols[this.#tokens.end % this.#symbols.length] = symbol;
    this.#tokens.advance();
  }

  /** The last symbol: its tokens have the suffix, so each that may be longer is looked at. */
  #putLast(from: number, codePoint: number, suffix: readonly number[]): number {
    const { trie, inside } = this.#parts;
    const extended = (node: number) => suffix.reduce((at, each) => trie.child(at, each), trie.child(node, codePoint));
    let units = this.#offer(extended(this.#first), this.#tokens.end);
    for (let node = this.#node; this.#isMissing && node !== inside; node = this.#links.suffix(node)) {
      units += 1 + this.#offer(extended(node), this.#links.depth(node) + 1);
    }
    if (this.#isMissing) units += this.#offer(extended(from), 1);
    this.#mustHaveToken();
    return units;
  }

  /** Whether no token is known that ends at the end. */
  get #isMissing(): boolean {
    return this.#tokens.lengthAt(this.#tokens.end) === 0;
  }

  #mustHaveToken(): void {
    if (this.#isMissing) throw new Error("no token of the vocabulary ends at a place of the word");
  }

  #settle(): number {
    const isDecided = this.#node === this.#parts.inside && this.#first < 0;
    return isDecided || this.#tokens.isLookDue ? this.#tokens.settle(this.#openTokens()) : 0;
  }

  #openTokens(): OpenTokens {
    const open = this.#open;
    open.count = 0;
    if (this.#first >= 0) open.begins[open.count++] = 0;
    for (let node = this.#node; node !== this.#parts.inside; node = this.#links.suffix(node)) {
      open.begins[open.count++] = this.#tokens.end - this.#links.depth(node);
    }
    return open;
  }

  /** Makes a node's token the last one until the end, if it is one and fits. @returns the units of work */
  #offer(node: number, length: number): number {
    const id = this.#parts.trie.value(node);
    if (node < 0 || id < 0) return 0;
    const begin = this.#tokens.end - length;
    const before = this.#tokens.idAt(begin);
    if (before >= 0 && this.#parts.merges.rank(before, id) >= 0) return 1;
    const beforeLength = this.#tokens.lengthAt(begin);
    let known = this.#known.get(before, beforeLength, id, length);
    let units = 1;
    if (known === NOTHING) {
      units += MERGE_UNITS * (beforeLength + length);
      known = this.#fits(beforeLength, id, length) ? FITS : DIFFERS;
      this.#known.set(known);
    }
    if (known === FITS) this.#setToken(id, length);
    return units;
  }

  #setToken(id: number, length: number): void {
    const { end } = this.#tokens;
    this.#tokens.set(id, length);
    this.#counts[end % this.#counts.length] = this.#countAt(end - length) + 1;
  }

  /** Whether the last symbols are merged to these two tokens, or to this one at the beginning of the word. */
  #fits(beforeLength: number, id: number, length: number): boolean {
    const symbols = beforeLength + length;
    const from = this.#tokens.end - symbols;
    for (let at = 0; at < symbols; at++) {
      this.#mergedIds[at] = this.#symbols[(from + at) % this.#symbols.length] ?? 0;
    }
    this.#merged.merge(this.#mergedIds, symbols);
    return this.#merged.isCutAt(beforeLength) && this.#mergedIds[beforeLength] === id;
  }

  #countAt(place: number): number {
    return this.#counts[place % this.#counts.length] ?? 0;
  }
}

/** Whether two neighbours are the tokens of their symbols. Where too many pairs have one hash, the last one is remembered. */
class KnownPairs {
  /** Of each pair: both tokens, -1 for no first one, their lengths, and whether they fit. */
  readonly #slots = new Int32Array(PAIRS * 4);
  /** The slot of the last pair that was asked for. */
  #at = 0;

  get(before: number, beforeLength: number, id: number, length: number): number {
    const slots = this.#slots;
    const lengths = (beforeLength << 16) | length;
    const mixed = Math.imul(before, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b);
    const first = (mixed ^ (mixed >>> 15)) >>> 0;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      this.#at = ((first + probe) % PAIRS) * 4;
      const known = slots[this.#at + 3] ?? NOTHING;
      if (known === NOTHING) break;
      if (slots[this.#at] === before && slots[this.#at + 1] === id && slots[this.#at + 2] === lengths) return known;
    }
    slots[this.#at] = before;
    slots[this.#at + 1] = id;
    slots[this.#at + 2] = lengths;
    slots[this.#at + 3] = NOTHING;
    return NOTHING;
  }

  /** Of the pair that was asked for, and is not known. */
  set(known: number): void {
    this.#slots[this.#at + 3] = known;
  }
}
