/**
 * Unigram: the most probable row of pieces (Viterbi), computed as code points arrive. What can no longer change is put out, so that the
 * memory is that of the undecided part.
 */
import type { Model, Output, Stage } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";

/** Below the lowest score of the vocabulary by this much is an unknown character's (the reference's K_UNK_PENALTY). */
const UNKNOWN_PENALTY = 10;
/** Code points after which to look for a decided part, if no place of the text has decided it. */
const LOOK_EVERY = 1024;

export interface UnigramVocabulary {
  trie: Trie;
  /** By token id. */
  scores: Float64Array;
  unknownId: number;
  /** In code points, at most 255. */
  maxPieceLength: number;
}

export function unigram(vocabulary: UnigramVocabulary): (output: Output) => Model {
  const lowest = vocabulary.scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
  return (output) => new Unigram(output, vocabulary, lowest - UNKNOWN_PENALTY);
}

class Unigram implements Model, Stage {
  readonly isBusy = false;
  readonly #output: Output;
  readonly #vocabulary: UnigramVocabulary;
  readonly #unknownScore: number;

  /** Places are between code points, counted in the piece. What is before `#decided` was put out. */
  #end = 0;
  #decided = 0;
  /** The best token that ends at each place after `#decided`: its id and its length. */
  #ids = new Int32Array(64);
  #lengths = new Uint8Array(64);
  /** Of the last places, by place modulo their length: the best score until there, and the tokens until there. */
  readonly #scores: Float64Array;
  readonly #tokens: Int32Array;
  /** By place after `#decided`: whether a way goes through it. Only while a decided place is looked for. */
  #marked = new Uint8Array(65);
  /** Tokens that may be longer than what has arrived: the places where they begin, ascending, and their nodes. */
  readonly #begins: Int32Array;
  readonly #nodes: Int32Array;
  #open = 0;
  #lookAt = LOOK_EVERY;
  #tokensPutOut = 0;
  #isUnknownLast = false;

  constructor(output: Output, vocabulary: UnigramVocabulary, unknownScore: number) {
    this.#output = output;
    this.#vocabulary = vocabulary;
    this.#unknownScore = unknownScore;
    this.#scores = new Float64Array(vocabulary.maxPieceLength + 1);
    this.#tokens = new Int32Array(vocabulary.maxPieceLength + 1);
    this.#begins = new Int32Array(vocabulary.maxPieceLength + 1);
    this.#nodes = new Int32Array(vocabulary.maxPieceLength + 1);
  }

  put(codePoint: number): void {
    const before = this.#end;
    this.#end++;
    if (this.#end - this.#decided > this.#ids.length) this.#grow();
    this.#begins[this.#open] = before;
    this.#nodes[this.#open++] = ROOT;
    this.#output.workUnits += this.#open;
    if (!this.#extend(codePoint)) this.#offer(before, this.#unknownScore, this.#vocabulary.unknownId);
    if (this.#open === 0) this.#decide(this.#end);
    else if (this.#end >= this.#lookAt) this.#look();
  }

  end(): void {
    if (this.#end > this.#decided) this.#decide(this.#end);
    this.#end = 0;
    this.#decided = 0;
    this.#open = 0;
    this.#scores[0] = 0;
    this.#tokens[0] = 0;
    this.#lookAt = LOOK_EVERY;
    this.#tokensPutOut = 0;
    this.#isUnknownLast = false;
  }

  token(id: number): void {
    this.#output.ids.push(id);
  }

  work(): void {}

  certainTokens(): number {
    let least = this.#tokensAt(this.#end);
    for (let index = 0; index < this.#open; index++) least = Math.min(least, this.#tokensAt(this.#begins[index] ?? 0));
    return least - this.#tokensPutOut;
  }

  /** Extends what may be longer by a code point. @returns whether the code point by itself is a token */
  #extend(codePoint: number): boolean {
    const { trie, scores } = this.#vocabulary;
    const before = this.#end - 1;
    let kept = 0;
    let isToken = false;
    for (let index = 0; index < this.#open; index++) {
      const node = trie.child(this.#nodes[index] ?? -1, codePoint);
      if (node < 0) continue;
      const begin = this.#begins[index] ?? 0;
      this.#begins[kept] = begin;
      this.#nodes[kept++] = node;
      const id = trie.value(node);
      if (id < 0) continue;
      if (begin === before) isToken = true;
      this.#offer(begin, scores[id] ?? 0, id);
    }
    this.#open = kept;
    return isToken;
  }

  /** The better of two ways to the end stays; of equal ones the first, which begins earlier. */
  #offer(begin: number, score: number, id: number): void {
    const size = this.#scores.length;
    const at = this.#end - this.#decided - 1;
    const total = score + (this.#scores[begin % size] ?? 0);
    const isFirst = this.#lengths[at] === 0;
    if (!isFirst && total <= (this.#scores[this.#end % size] ?? 0)) return;
    this.#scores[this.#end % size] = total;
    this.#ids[at] = id;
    this.#lengths[at] = this.#end - begin;
    const isFused = id === this.#vocabulary.unknownId && this.#endsUnknown(begin);
    this.#tokens[this.#end % size] = this.#tokensAt(begin) + (isFused ? 0 : 1);
  }

  #tokensAt(place: number): number {
    return this.#tokens[place % this.#tokens.length] ?? 0;
  }

  #endsUnknown(place: number): boolean {
    if (place === this.#decided) return this.#isUnknownLast;
    return this.#ids[place - this.#decided - 1] === this.#vocabulary.unknownId;
  }

  /** Looks for a place that every way goes through, and puts out what is before it. */
  #look(): void {
    const length = this.#end - this.#decided;
    const marked = this.#marked.fill(0, 0, length + 1);
    // No two tokens that are open begin at one place, and none at the end.
    let count = this.#open + 1;
    for (let index = 0; index < this.#open; index++) marked[(this.#begins[index] ?? 0) - this.#decided] = 1;
    marked[length] = 1;
    let at = length;
    for (; at > 0; at--) {
      if (marked[at] === 0) continue;
      if (count === 1) break;
      const from = at - (this.#lengths[at - 1] ?? 0);
      count -= marked[from] ?? 0;
      marked[from] = 1;
    }
    this.#output.workUnits += length;
    if (at > 0) this.#decide(this.#decided + at);
    // Twice the undecided part, so that all looks together take linear time.
    this.#lookAt = this.#end + Math.max(LOOK_EVERY, this.#end - this.#decided);
  }

  /** Puts out the tokens until a place. */
  #decide(place: number): void {
    const length = place - this.#decided;
    // Where the tokens end, in order: after the loop, at the end of the array's part that is decided.
    let first = length;
    for (let at = length; at > 0; ) {
      const from = at - (this.#lengths[at - 1] ?? 0);
      this.#ids[--first] = this.#ids[at - 1] ?? 0;
      at = from;
    }
    for (; first < length; first++) {
      const id = this.#ids[first] ?? 0;
      const isUnknown = id === this.#vocabulary.unknownId;
      if (!(isUnknown && this.#isUnknownLast)) {
        this.#output.ids.push(id);
        this.#tokensPutOut++;
      }
      this.#isUnknownLast = isUnknown;
    }
    const left = this.#end - place;
    this.#ids.copyWithin(0, length, length + left);
    this.#lengths.copyWithin(0, length, length + left);
    this.#lengths.fill(0, left, length + left);
    this.#decided = place;
  }

  #grow(): void {
    const ids = new Int32Array(this.#ids.length * 2);
    ids.set(this.#ids);
    const lengths = new Uint8Array(ids.length);
    lengths.set(this.#lengths);
    this.#ids = ids;
    this.#lengths = lengths;
    this.#marked = new Uint8Array(ids.length + 1);
  }
}
