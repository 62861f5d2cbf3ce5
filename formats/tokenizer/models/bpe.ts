/** BPE: the characters of a word, merged by rank. Nothing is remembered from one word to the next. */
import type { Model, Output, Stage } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";
import { LongWord } from "./long-word.ts";
import type { MergeTable } from "./merge-table.ts";
import { MergeWord } from "./merge-word.ts";

/** Words of as many symbols are merged at their end, longer ones as they arrive. */
const MAX_SHORT_WORD = 512;
/** Stands for the code point of an unknown character. */
const UNKNOWN = -1;
const NO_SUFFIX: readonly number[] = [];

export interface BpeVocabulary {
  trie: Trie;
  merges: MergeTable;
  /** Null: unknown characters are left out. */
  unknownId: number | null;
  /** Neighbouring unknown characters are one token. */
  isUnknownFused: boolean;
  /** Before each character but the first of a word, and behind the last. */
  continuingPrefix: string;
  endOfWordSuffix: string;
  /** A word that is a token is one, whatever the merges make of it. */
  ignoreMerges: boolean;
  /** In code points. */
  maxTokenLength: number;
}

export function bpe(vocabulary: BpeVocabulary): (output: Output) => Model {
  return (output) => new Bpe(output, vocabulary);
}

class Bpe implements Model, Stage {
  readonly #output: Output;
  readonly #vocabulary: BpeVocabulary;
  readonly #continuing: number;
  /** Code points. */
  readonly #suffix: readonly number[];
  /** Of a word that is not long yet: its symbols, and their code points. */
  readonly #symbols: Int32Array;
  readonly #codePoints: Int32Array;
  #length = 0;
  /** Where the first of them begins in the tree: characters before it may have been left out. */
  #from = ROOT;
  #isFirst = true;
  #isUnknownLast = false;
  /** The last code point, since the suffix is behind the last one of the word. -1 if there is none. */
  #held = -1;
  /** The node of the whole word. */
  #word = ROOT;
  readonly #short: MergeWord;
  /** Null before the first long word. */
  #long: LongWord | null = null;
  #isLong = false;

  constructor(output: Output, vocabulary: BpeVocabulary) {
    this.#output = output;
    this.#vocabulary = vocabulary;
    this.#continuing = vocabulary.trie.find(vocabulary.continuingPrefix);
    this.#suffix = [...vocabulary.endOfWordSuffix].map((char) => char.codePointAt(0) ?? 0);
    // A whole word that is a token is short.
    const maxSymbols = Math.max(MAX_SHORT_WORD, vocabulary.maxTokenLength + 1);
    this.#symbols = new Int32Array(maxSymbols);
    this.#codePoints = new Int32Array(maxSymbols);
    this.#short = new MergeWord(vocabulary.merges, maxSymbols);
  }

  put(codePoint: number): void {
    if (this.#held >= 0) this.#add(this.#held, false);
    this.#held = codePoint;
  }

  end(): void {
    if (this.#held < 0) return;
    this.#add(this.#held, true);
    this.#held = -1;
    if (this.#isLong) this.#long?.end();
    else this.#finish();
    this.#isLong = false;
    this.#length = 0;
    this.#isFirst = true;
    this.#isUnknownLast = false;
    this.#word = ROOT;
  }

  token(id: number): void {
    this.#output.ids.push(id);
  }

  certainTokens(): number {
    return this.#isLong ? (this.#long?.certainTokens ?? 0) : 0;
  }

  #add(codePoint: number, isLast: boolean): void {
    const { unknownId, isUnknownFused, trie } = this.#vocabulary;
    if (this.#vocabulary.ignoreMerges) this.#word = trie.child(this.#word, codePoint);
    const from = this.#isFirst ? ROOT : this.#continuing;
    const symbol = this.#symbolOf(codePoint, from, isLast);
    if (symbol >= 0) this.#push(symbol, codePoint, from, isLast);
    else if (unknownId !== null && !(isUnknownFused && this.#isUnknownLast)) {
      this.#push(unknownId, UNKNOWN, ROOT, isLast);
    }
    this.#isFirst = false;
    this.#isUnknownLast = symbol < 0;
    this.#output.workUnits++;
  }

  /** The token of a character; -1 if there is none. */
  #symbolOf(codePoint: number, from: number, isLast: boolean): number {
    const { trie } = this.#vocabulary;
    let node = trie.child(from, codePoint);
    if (isLast) for (const behind of this.#suffix) node = trie.child(node, behind);
    return node < 0 ? -1 : trie.value(node);
  }

  #push(symbol: number, codePoint: number, from: number, isLast: boolean): void {
    if (this.#length === 0) this.#from = from;
    if (this.#length < this.#symbols.length) {
      this.#symbols[this.#length] = symbol;
      this.#codePoints[this.#length++] = codePoint;
      return;
    }
    if (this.#long === null || !this.#isLong) this.#long = this.#beginLong();
    this.#output.workUnits +=
      codePoint === UNKNOWN
        ? this.#long.putUnknown(symbol)
        : this.#long.put(symbol, from, codePoint, isLast ? this.#suffix : NO_SUFFIX);
  }

  /** The word is long: gives it the symbols that have arrived. */
  #beginLong(): LongWord {
    const { trie, merges, maxTokenLength } = this.#vocabulary;
    const inside = this.#continuing;
    const parts = { trie, merges, inside, maxTokenLength };
    const long = this.#long ?? new LongWord(parts, (id) => this.#output.ids.push(id));
    for (let at = 0; at < this.#length; at++) {
      const symbol = this.#symbols[at] ?? 0;
      const codePoint = this.#codePoints[at] ?? UNKNOWN;
      this.#output.workUnits +=
        codePoint === UNKNOWN
          ? long.putUnknown(symbol)
          : long.put(symbol, at === 0 ? this.#from : inside, codePoint, NO_SUFFIX);
    }
    this.#isLong = true;
    return long;
  }

  #finish(): void {
    const { ignoreMerges, trie } = this.#vocabulary;
    const whole = ignoreMerges && this.#word >= 0 ? trie.value(this.#word) : -1;
    if (whole >= 0) this.#output.ids.push(whole);
    else if (this.#length === 1) this.#output.ids.push(this.#symbols[0] ?? 0);
    else if (this.#length > 1) {
      this.#output.workUnits += this.#short.merge(this.#symbols, this.#length);
      this.#short.putTokens(this.#output.ids);
    }
  }
}
