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
  /** A beginning of the wanted text. */
  #held: number[] = [];

  constructor(next: Stage, wanted: readonly number[], replacement: readonly number[]) {
    super(next);
    this.#wanted = wanted;
    this.#replacement = replacement;
  }

  put(codePoint: number): void {
    if (this.#held.length === 0 && codePoint !== this.#wanted[0]) {
      this.next.put(codePoint);
      return;
    }
    this.#held.push(codePoint);
    while (!this.#held.every((held, index) => held === this.#wanted[index])) this.next.put(this.#held.shift() ?? 0);
    if (this.#held.length < this.#wanted.length) return;
    this.#held = [];
    for (const replacing of this.#replacement) this.next.put(replacing);
  }

  override end(): void {
    for (const held of this.#held) this.next.put(held);
    this.#held = [];
    this.next.end();
  }
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
