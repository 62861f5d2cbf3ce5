/**
 * Precompiled: SentencePiece's normalization rules. The reference looks up whole graphemes of fewer than six bytes, takes the shortest rule
 * that a grapheme begins with, and looks up single characters otherwise.
 */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { GraphemeBreaks, graphemeSets } from "../unicode/graphemes.ts";
import { Charsmap, utf8Length } from "./charsmap.ts";

const MAX_GRAPHEME_BYTES = 5;

/** @throws Error if the charsmap is not one */
export function precompiled(charsmap: Uint8Array): MakeStage {
  const rules = new Charsmap(charsmap);
  const sets = graphemeSets();
  // Texts are tokenized in turns: each has its own place between graphemes.
  return (next) => new Precompiled(next, rules, new GraphemeBreaks(sets));
}

class Precompiled extends PassOn {
  readonly #rules: Charsmap;
  readonly #breaks: GraphemeBreaks;
  /** The grapheme that is not over, if it is short. Its last character may have more bytes than are looked up. */
  readonly #held = new Int32Array(MAX_GRAPHEME_BYTES + 1);
  #count = 0;
  #heldBytes = 0;
  readonly #one = new Int32Array(1);
  #isStart = true;
  readonly #put = (codePoint: number) => this.next.put(codePoint);

  constructor(next: Stage, rules: Charsmap, breaks: GraphemeBreaks) {
    super(next);
    this.#rules = rules;
    this.#breaks = breaks;
  }

  put(codePoint: number): void {
    const isBreak = this.#breaks.isBefore(codePoint, this.#isStart);
    this.#isStart = false;
    if (isBreak) this.#putHeld();
    const bytes = utf8Length(codePoint);
    const wasLong = this.#heldBytes > MAX_GRAPHEME_BYTES;
    this.#heldBytes += bytes;
    if (wasLong) this.#putOne(codePoint);
    else {
      this.#held[this.#count++] = codePoint;
      if (this.#heldBytes > MAX_GRAPHEME_BYTES) this.#putEach();
    }
  }

  override end(): void {
    this.#putHeld();
    this.#isStart = true;
    this.next.end();
  }

  #putHeld(): void {
    if (this.#count > 0 && !this.#rules.replace(this.#held, this.#count, this.#put)) this.#putEach();
    this.#count = 0;
    this.#heldBytes = 0;
  }

  #putEach(): void {
    for (let index = 0; index < this.#count; index++) this.#putOne(this.#held[index] ?? 0);
    this.#count = 0;
  }

  #putOne(codePoint: number): void {
    this.#one[0] = codePoint;
    if (!this.#rules.replace(this.#one, 1, this.#put)) this.next.put(codePoint);
  }
}
