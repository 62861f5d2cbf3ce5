/** BPE: the characters of a word, merged by rank. Nothing is remembered from one word to the next. */
import type { Model, Output, Stage } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";
import { FewestTokens } from "./fewest-tokens.ts";
import type { MergeTable } from "./merge-table.ts";
import { MergeWord } from "./merge-word.ts";

/** Words of as many symbols are merged at once, longer ones in steps. */
const MAX_SYMBOLS_AT_ONCE = 512;
/** Units of work in a step: a few milliseconds. */
const MAX_STEP_UNITS = 20_000;

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
  #symbols = new Int32Array(64);
  #length = 0;
  #isFirst = true;
  #isUnknownLast = false;
  /** The last code point, since the suffix is behind the last one of the word. -1 if there is none. */
  #held = -1;
  /** The node of the whole word. */
  #word = ROOT;
  #fewest: FewestTokens | null = null;
  /** For words that are merged at once. */
  readonly #short: MergeWord;
  /** Long words and what came after them, in order. */
  #waiting: (MergeWord | number)[] = [];

  constructor(output: Output, vocabulary: BpeVocabulary) {
    this.#output = output;
    this.#vocabulary = vocabulary;
    this.#continuing = vocabulary.trie.find(vocabulary.continuingPrefix);
    this.#short = new MergeWord(vocabulary.merges, MAX_SYMBOLS_AT_ONCE);
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  put(codePoint: number): void {
    if (this.#held >= 0) this.#add(this.#held, false);
    this.#held = codePoint;
  }

  end(): void {
    if (this.#held < 0) return;
    this.#add(this.#held, true);
    this.#held = -1;
    this.#finish();
    this.#length = 0;
    this.#isFirst = true;
    this.#isUnknownLast = false;
    this.#word = ROOT;
    this.#fewest = null;
  }

  token(id: number): void {
    this.#putOut(id);
  }

  work(): void {
    for (let left = MAX_STEP_UNITS; left > 0 && this.#waiting.length > 0; ) {
      const [first] = this.#waiting;
      if (typeof first === "object") {
        const used = first.work(left);
        this.#output.workUnits += used;
        left -= used;
        if (used > 0) continue;
        first.putTokens(this.#output.ids);
      } else if (first !== undefined) this.#output.ids.push(first);
      left--;
      this.#waiting.shift();
    }
  }

  certainTokens(): number {
    // One token may be partly before the place where counting began.
    return Math.max(0, (this.#fewest?.tokens ?? 0) - 1);
  }

  #add(codePoint: number, isLast: boolean): void {
    const { unknownId, isUnknownFused, trie, maxTokenLength } = this.#vocabulary;
    if (this.#vocabulary.ignoreMerges) this.#word = trie.child(this.#word, codePoint);
    const symbol = this.#symbolOf(codePoint, isLast);
    this.#isFirst = false;
    this.#output.workUnits++;
    const isOneMore = symbol >= 0 || (unknownId !== null && !(isUnknownFused && this.#isUnknownLast));
    if (isOneMore) this.#push(symbol >= 0 ? symbol : (unknownId ?? 0));
    this.#isUnknownLast = symbol < 0;
    if (this.#length < MAX_SYMBOLS_AT_ONCE) return;
    this.#fewest ??= new FewestTokens(trie, this.#continuing, maxTokenLength);
    // With a suffix, the last character may be known where others like it are not.
    if (symbol < 0) this.#fewest.putUnknown(isOneMore ? 1 : 0);
    else this.#output.workUnits += this.#fewest.put(codePoint);
  }

  #symbolOf(codePoint: number, isLast: boolean): number {
    const { trie, endOfWordSuffix } = this.#vocabulary;
    let node = trie.child(this.#isFirst ? ROOT : this.#continuing, codePoint);
    if (isLast) for (const char of endOfWordSuffix) node = trie.child(node, char.codePointAt(0) ?? 0);
    return node < 0 ? -1 : trie.value(node);
  }

  #push(symbol: number): void {
    if (this.#length === this.#symbols.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#symbols);
      this.#symbols = larger;
    }
    this.#symbols[this.#length++] = symbol;
  }

  #finish(): void {
    const { ignoreMerges, trie, merges } = this.#vocabulary;
    const whole = ignoreMerges && this.#word >= 0 ? trie.value(this.#word) : -1;
    if (whole >= 0) this.#putOut(whole);
    else if (this.#length === 1) this.#putOut(this.#symbols[0] ?? 0);
    else if (this.#length > 1) {
      if (this.#length > MAX_SYMBOLS_AT_ONCE || this.isBusy) {
        const word = new MergeWord(merges, this.#length);
        word.begin(this.#symbols, this.#length);
        this.#waiting.push(word);
        this.#symbols = new Int32Array(64);
      } else {
        this.#short.begin(this.#symbols, this.#length);
        this.#output.workUnits += this.#short.work(Number.POSITIVE_INFINITY);
        this.#short.putTokens(this.#output.ids);
      }
    }
  }

  #putOut(id: number): void {
    if (this.isBusy) this.#waiting.push(id);
    else this.#output.ids.push(id);
  }
}
