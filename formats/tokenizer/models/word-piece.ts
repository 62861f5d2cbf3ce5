/** WordPiece: the longest token at each place of a word; a word with a gap is unknown. */
import type { Model, Output, Stage } from "../core/stage.ts";
import { ROOT, type Trie } from "../core/trie.ts";

export interface WordPieceVocabulary {
  trie: Trie;
  unknownId: number;
  /** `##`: pieces inside a word are in the vocabulary behind it. */
  continuingPrefix: string;
  /** Longer words are unknown. */
  maxWordLength: number;
}

export function wordPiece(vocabulary: WordPieceVocabulary): (output: Output) => Model {
  const { trie, unknownId, maxWordLength } = vocabulary;
  const continuing = trie.find(vocabulary.continuingPrefix);
  return (output) => new WordPiece(output, { trie, unknownId, maxWordLength, continuing });
}

interface Parts {
  trie: Trie;
  unknownId: number;
  maxWordLength: number;
  /** The node of the continuing prefix, or -1. */
  continuing: number;
}

class WordPiece implements Model, Stage {
  readonly #output: Output;
  readonly #parts: Parts;
  readonly #word: Int32Array;
  #length = 0;

  constructor(output: Output, parts: Parts) {
    this.#output = output;
    this.#parts = parts;
    this.#word = new Int32Array(parts.maxWordLength);
  }

  put(codePoint: number): void {
    if (this.#length < this.#word.length) this.#word[this.#length] = codePoint;
    this.#length++;
  }

  end(): void {
    if (this.#length === 0) return;
    const { ids } = this.#output;
    const before = ids.length;
    if (this.#length > this.#word.length || !this.#putPieces()) {
      ids.length = before;
      ids.push(this.#parts.unknownId);
    }
    this.#length = 0;
  }

  token(id: number): void {
    this.#output.ids.push(id);
  }

  certainTokens(): number {
    return 0;
  }

  /** False if no token is in some place. */
  #putPieces(): boolean {
    const { trie, continuing } = this.#parts;
    const { ids } = this.#output;
    let from = 0;
    while (from < this.#length) {
      let node = from === 0 ? ROOT : continuing;
      let id = -1;
      let end = from;
      for (let at = from; at < this.#length; at++) {
        node = trie.child(node, this.#word[at] ?? 0);
        this.#output.workUnits++;
        if (node < 0) break;
        const value = trie.value(node);
        if (value < 0) continue;
        id = value;
        end = at + 1;
      }
      if (id < 0) return false;
      ids.push(id);
      from = end;
    }
    return true;
  }
}
