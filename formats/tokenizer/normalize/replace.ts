/** Replace: a literal text, or one of a few regular expressions that tokenizers have. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace } from "../unicode/classes.ts";
import { codePointsOf } from "./simple.ts";

/** Regular expressions for a run of one class of characters: which, and how many at the least. */
const RUNS: Readonly<Record<string, readonly [(codePoint: number) => boolean, number]>> = {
  " {2,}": [(codePoint) => codePoint === 0x20, 2],
  " +": [(codePoint) => codePoint === 0x20, 1],
  "\\s+": [isWhitespace, 1],
  "\\s{2,}": [isWhitespace, 2],
};

/** Null if the regular expression is not one of those that are known. */
export function replaceRegex(pattern: string, content: string): MakeStage | null {
  const run = Object.hasOwn(RUNS, pattern) ? RUNS[pattern] : undefined;
  if (run === undefined) return null;
  const replacement = codePointsOf(content);
  return (next) => new ReplaceRuns(next, run[0], run[1], replacement);
}

/** @param pattern not empty */
export function replaceText(pattern: string, content: string): MakeStage {
  const wanted = codePointsOf(pattern);
  const replacement = codePointsOf(content);
  return (next) => new ReplaceText(next, wanted, replacement);
}

class ReplaceText extends PassOn {
  readonly #wanted: readonly number[];
  readonly #replacement: readonly number[];
  /** For each beginning of the wanted text, how much of its end is a beginning again [Knuth, Morris, Pratt]. */
  readonly #borders: readonly number[];
  /** What is held back is a beginning of the wanted text: its length. */
  #held = 0;

  constructor(next: Stage, wanted: readonly number[], replacement: readonly number[]) {
    super(next);
    this.#wanted = wanted;
    this.#replacement = replacement;
    this.#borders = bordersOf(wanted);
  }

  put(codePoint: number): void {
    while (codePoint !== this.#wanted[this.#held]) {
      if (this.#held === 0) {
        this.next.put(codePoint);
        return;
      }
      this.#putHeld(this.#borders[this.#held] ?? 0);
    }
    if (++this.#held < this.#wanted.length) return;
    this.#held = 0;
    for (const replacing of this.#replacement) this.next.put(replacing);
  }

  override end(): void {
    this.#putHeld(0);
    this.next.end();
  }

  /** Passes on what is held, but for its last characters. */
  #putHeld(left: number): void {
    const count = this.#held - left;
    this.#held = left;
    for (let index = 0; index < count; index++) this.next.put(this.#wanted[index] ?? 0);
  }
}

/** @returns by length of the beginning, from 0 */
function bordersOf(wanted: readonly number[]): number[] {
  const borders = [0, 0];
  for (let length = 2; length < wanted.length; length++) {
    let border = borders[length - 1] ?? 0;
    while (border > 0 && wanted[border] !== wanted[length - 1]) border = borders[border] ?? 0;
    borders.push(wanted[border] === wanted[length - 1] ? border + 1 : 0);
  }
  return borders;
}

class ReplaceRuns extends PassOn {
  readonly #isInRun: (codePoint: number) => boolean;
  readonly #atLeast: number;
  readonly #replacement: readonly number[];
  #count = 0;
  #first = 0;

  constructor(next: Stage, isInRun: (codePoint: number) => boolean, atLeast: number, replacement: readonly number[]) {
    super(next);
    this.#isInRun = isInRun;
    this.#atLeast = atLeast;
    this.#replacement = replacement;
  }

  put(codePoint: number): void {
    if (this.#isInRun(codePoint)) {
      if (this.#count++ === 0) this.#first = codePoint;
      return;
    }
    this.#endRun();
    this.next.put(codePoint);
  }

  override end(): void {
    this.#endRun();
    this.next.end();
  }

  #endRun(): void {
    if (this.#count === 0) return;
    // Runs that are too short have one character, since no minimum is above two.
    if (this.#count < this.#atLeast) this.next.put(this.#first);
    else for (const replacing of this.#replacement) this.next.put(replacing);
    this.#count = 0;
  }
}
