/**
 * Unigram: the most probable row of pieces (Viterbi), computed as code points arrive. What can no longer change is put out, so that the
 * memory is that of the undecided part.
 */
import type { Model, Output, Stage } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";
import { LastTokens } from "./last-tokens.ts";

/** Below the lowest score of the vocabulary by this much is an unknown character's (the reference's K_UNK_PENALTY). */
const UNKNOWN_PENALTY = 10;

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
  readonly #output: Output;
  readonly #vocabulary: UnigramVocabulary;
  readonly #unknownScore: number;
  /** The best token that ends at each place. */
  readonly #best: LastTokens;
  /** Of the last places, by place modulo their length: the best score until there, and the tokens until there. */
  readonly #scores: Float64Array;
  readonly #tokens: Int32Array;
  /** Tokens that may be longer than what has arrived, and their nodes. */
  readonly #open: { begins: Int32Array; count: number };
  readonly #nodes: Int32Array;
  #tokensPutOut = 0;

  constructor(output: Output, vocabulary: UnigramVocabulary, unknownScore: number) {
    this.#output = output;
    this.#vocabulary = vocabulary;
    this.#unknownScore = unknownScore;
    this.#best = new LastTokens((id, before) => {
      // Neighbouring unknown characters are one token.
      if (id === vocabulary.unknownId && before === id) return;
      this.#output.ids.push(id);
      this.#tokensPutOut++;
    });
    this.#scores = new Float64Array(vocabulary.maxPieceLength + 1);
    this.#tokens = new Int32Array(vocabulary.maxPieceLength + 1);
    this.#open = { begins: new Int32Array(vocabulary.maxPieceLength + 1), count: 0 };
    this.#nodes = new Int32Array(vocabulary.maxPieceLength + 1);
  }

  put(codePoint: number): void {
    const before = this.#best.end;
    this.#best.advance();
    this.#open.begins[this.#open.count] = before;
    this.#nodes[this.#open.count++] = ROOT;
    this.#output.workUnits += this.#open.count;
    if (!this.#extend(codePoint)) this.#offer(before, this.#unknownScore, this.#vocabulary.unknownId);
    this.#output.workUnits += this.#best.settle(this.#open);
  }

  end(): void {
    this.#best.finish();
    this.#open.count = 0;
    this.#scores[0] = 0;
    this.#tokens[0] = 0;
    this.#tokensPutOut = 0;
  }

  token(id: number): void {
    this.#output.ids.push(id);
  }

  certainTokens(): number {
    const { begins, count } = this.#open;
    let least = this.#tokensAt(this.#best.end);
    for (let index = 0; index < count; index++) least = Math.min(least, this.#tokensAt(begins[index] ?? 0));
    return least - this.#tokensPutOut;
  }

  /** Extends what may be longer by a code point. @returns whether the code point by itself is a token */
  #extend(codePoint: number): boolean {
    const { trie, scores } = this.#vocabulary;
    const { begins, count } = this.#open;
    const before = this.#best.end - 1;
    let kept = 0;
    let isToken = false;
    for (let index = 0; index < count; index++) {
      const node = trie.child(this.#nodes[index] ?? -1, codePoint);
      if (node < 0) continue;
      const begin = begins[index] ?? 0;
      begins[kept] = begin;
      this.#nodes[kept++] = node;
      const id = trie.value(node);
      if (id < 0) continue;
      if (begin === before) isToken = true;
      this.#offer(begin, scores[id] ?? 0, id);
    }
    this.#open.count = kept;
    return isToken;
  }

  /** The better of two ways to the end stays; of equal ones the first, which begins earlier. */
  #offer(begin: number, score: number, id: number): void {
    const { unknownId } = this.#vocabulary;
    const { end } = this.#best;
    const size = this.#scores.length;
    const total = score + (this.#scores[begin % size] ?? 0);
    const isFirst = this.#best.lengthAt(end) === 0;
    if (!isFirst && total <= (this.#scores[end % size] ?? 0)) return;
    this.#scores[end % size] = total;
    this.#best.set(id, end - begin);
    const isFused = id === unknownId && this.#best.idAt(begin) === unknownId;
    this.#tokens[end % size] = this.#tokensAt(begin) + (isFused ? 0 : 1);
  }

  #tokensAt(place: number): number {
    return this.#tokens[place % this.#tokens.length] ?? 0;
  }
}
