/**
 * Precompiled: SentencePiece's normalization rules. The reference looks up whole graphemes of fewer than six bytes, takes the shortest rule
 * that a grapheme begins with, and looks up single characters otherwise.
 */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { GraphemeBreaks } from "../unicode/graphemes.ts";
import { Charsmap } from "./charsmap.ts";

const MAX_GRAPHEME_BYTES = 5;

/** @throws Error if the charsmap is not one */
export function precompiled(charsmap: Uint8Array): MakeStage {
  const rules = new Charsmap(charsmap);
  const breaks = new GraphemeBreaks();
  return (next) => new Precompiled(next, rules, breaks);
}

class Precompiled extends PassOn {
  readonly #rules: Charsmap;
  readonly #breaks: GraphemeBreaks;
  /** The grapheme that is not over, if it is short. */
  #held: number[] = [];
  #heldBytes = 0;
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
      this.#held.push(codePoint);
      if (this.#heldBytes > MAX_GRAPHEME_BYTES) this.#putEach();
    }
  }

  override end(): void {
    this.#putHeld();
    this.#isStart = true;
    this.next.end();
  }

  #putHeld(): void {
    if (this.#held.length > 0 && !this.#rules.replace(this.#held, this.#put)) this.#putEach();
    this.#held.length = 0;
    this.#heldBytes = 0;
  }

  #putEach(): void {
    for (const codePoint of this.#held) this.#putOne(codePoint);
    this.#held.length = 0;
  }

  #putOne(codePoint: number): void {
    if (!this.#rules.replace([codePoint], this.#put)) this.next.put(codePoint);
  }
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
