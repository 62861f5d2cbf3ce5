/** BertNormalizer: cleans, isolates Chinese characters, strips accents, lowers case; in this order, one code point after another. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace, putLowerCase } from "../unicode/classes.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { CAPITAL, DECOMPOSABLE, NON_STARTER, NONSPACING_MARK, OTHER } from "../unicode/tables.ts";
import { combiningClass } from "./combining-class.ts";

export interface BertOptions {
  cleanText: boolean;
  handleChineseChars: boolean;
  /** Null: as `lowercase`. */
  stripAccents: boolean | null;
  lowercase: boolean;
}

const SPACE = 0x20;
const REPLACEMENT_CHARACTER = 0xfffd;
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
/** More spacing marks in a row are one word that is longer than any vocabulary allows, in whatever order. */
const MAX_SORTED_MARKS = 4096;

/** Blocks that the reference calls Chinese; a part of extension E is missing in it, and so is all that is newer. */
const CHINESE: readonly (readonly [number, number])[] = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
];

/** Makes the stage's classes once for all texts. */
export function bertNormalizer(options: BertOptions): MakeStage {
  const classes: Classes = {
    capital: new CodePointSet(CAPITAL),
    other: new CodePointSet(OTHER),
    nonspacing: new CodePointSet(NONSPACING_MARK),
    nonStarter: new CodePointSet(NON_STARTER),
    decomposable: new CodePointSet(DECOMPOSABLE),
  };
  return (next) => new BertNormalizer(next, options, classes);
}

interface Classes {
  capital: CodePointSet;
  other: CodePointSet;
  nonspacing: CodePointSet;
  nonStarter: CodePointSet;
  decomposable: CodePointSet;
}

class BertNormalizer extends PassOn {
  readonly #options: BertOptions;
  readonly #classes: Classes;
  readonly #stripAccents: boolean;
  /** Marks that are kept, to be sorted by combining class at the next starter. */
  #marks: number[] = [];
  readonly #putLower = (codePoint: number) => this.next.put(codePoint);

  constructor(next: Stage, options: BertOptions, classes: Classes) {
    super(next);
    this.#options = options;
    this.#classes = classes;
    this.#stripAccents = options.stripAccents ?? options.lowercase;
  }

  put(codePoint: number): void {
    if (codePoint > SPACE && codePoint < 0x7f) {
      this.#putStarter(codePoint);
      return;
    }
    let cleaned = codePoint;
    if (this.#options.cleanText) {
      if (isWhitespace(codePoint) && !this.#isRemovedSpace(codePoint)) cleaned = SPACE;
      else if (codePoint === 0 || codePoint === REPLACEMENT_CHARACTER || this.#classes.other.has(codePoint)) return;
    }
    if (this.#options.handleChineseChars && isChinese(cleaned)) {
      this.#putStarter(SPACE);
      this.#decompose(cleaned);
      this.#putStarter(SPACE);
    } else this.#decompose(cleaned);
  }

  override end(): void {
    this.#putMarks();
    this.next.end();
  }

  override token(id: number): void {
    this.#putMarks();
    this.next.token(id);
  }

  /** Vertical tab, form feed and next line are control characters before they are whitespace. */
  #isRemovedSpace(codePoint: number): boolean {
    return codePoint === 0x0b || codePoint === 0x0c || codePoint === 0x85;
  }

  #decompose(codePoint: number): void {
    if (!this.#stripAccents) this.#putLowered(codePoint);
    else if (codePoint >= FIRST_SYLLABLE && codePoint <= LAST_SYLLABLE) this.#putJamo(codePoint - FIRST_SYLLABLE);
    else if (this.#classes.decomposable.has(codePoint)) {
      const parts = String.fromCodePoint(codePoint).normalize("NFD");
      for (let at = 0; at < parts.length; at++) {
        const part = parts.codePointAt(at) ?? 0;
        this.#strip(part);
        if (part > 0xffff) at++;
      }
    } else this.#strip(codePoint);
  }

  /** The parts of a Korean syllable, by Unicode's arithmetic. */
  #putJamo(syllable: number): void {
    const trailing = syllable % 28;
    this.#putStarter(0x1100 + Math.floor(syllable / 588));
    this.#putStarter(0x1161 + Math.floor((syllable % 588) / 28));
    if (trailing > 0) this.#putStarter(0x11a7 + trailing);
  }

  #strip(codePoint: number): void {
    if (codePoint < 0x300 || !this.#classes.nonStarter.has(codePoint)) {
      this.#putMarks();
      if (codePoint < 0x300 || !this.#classes.nonspacing.has(codePoint)) this.#putLowered(codePoint);
    } else if (!this.#classes.nonspacing.has(codePoint)) {
      this.#marks.push(codePoint);
      if (this.#marks.length > MAX_SORTED_MARKS) this.#putMarks();
    }
  }

  #putStarter(codePoint: number): void {
    if (this.#marks.length > 0) this.#putMarks();
    this.#putLowered(codePoint);
  }

  #putMarks(): void {
    if (this.#marks.length === 0) return;
    const sorted = this.#marks.sort((a, b) => combiningClass(a) - combiningClass(b));
    this.#marks = [];
    for (const mark of sorted) this.#putLowered(mark);
  }

  #putLowered(codePoint: number): void {
    if (this.#options.lowercase) putLowerCase(codePoint, this.#classes.capital, this.#putLower);
    else this.next.put(codePoint);
  }
}

function isChinese(codePoint: number): boolean {
  if (codePoint < 0x3400) return false;
  for (const [first, last] of CHINESE) if (codePoint >= first && codePoint <= last) return true;
  return false;
}
