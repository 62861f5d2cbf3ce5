/** BertNormalizer: cleans, isolates Chinese characters, strips accents, lowers case; in this order, one code point after another. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace, putLowerCase, smallLetters } from "../unicode/classes.ts";
import { CodePointMap } from "../unicode/code-point-map.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { DECOMPOSABLE, NONSPACING_MARK, OTHER } from "../unicode/tables.ts";
import { CombiningOrder, isSyllable, putJamo, SortedMarks } from "./combining.ts";

export interface BertOptions {
  cleanText: boolean;
  handleChineseChars: boolean;
  /** Null: as `lowercase`. */
  stripAccents: boolean | null;
  lowercase: boolean;
}

const SPACE = 0x20;
const REPLACEMENT_CHARACTER = 0xfffd;
/** More spacing marks in a row are one word that is longer than any vocabulary allows, in whatever order. */
const MAX_SORTED_MARKS = 4096;

/** First and last of the blocks that the reference calls Chinese; a part of extension E is missing in it, and so is all that is newer. */
const CHINESE = Int32Array.of(
  ...[0x3400, 0x4dbf],
  ...[0x4e00, 0x9fff],
  ...[0xf900, 0xfaff],
  ...[0x20000, 0x2a6df],
  ...[0x2a700, 0x2b81f],
  ...[0x2b920, 0x2ceaf],
  ...[0x2f800, 0x2fa1f],
);

/** Makes the stage's classes once for all texts. */
export function bertNormalizer(options: BertOptions): MakeStage {
  const classes: Classes = {
    small: smallLetters(),
    other: new CodePointSet(OTHER),
    nonspacing: new CodePointSet(NONSPACING_MARK),
    order: new CombiningOrder(),
    parts: new CodePointMap(new CodePointSet(DECOMPOSABLE), (codePoint) =>
      String.fromCodePoint(codePoint).normalize("NFD"),
    ),
  };
  return (next) => new BertNormalizer(next, options, classes);
}

interface Classes {
  small: CodePointMap;
  other: CodePointSet;
  nonspacing: CodePointSet;
  order: CombiningOrder;
  parts: CodePointMap;
}

class BertNormalizer extends PassOn {
  readonly #options: BertOptions;
  readonly #classes: Classes;
  readonly #stripAccents: boolean;
  /** Marks that are kept, to be sorted by combining class at the next starter. */
  readonly #marks: SortedMarks;
  readonly #putLower = (codePoint: number) => this.next.put(codePoint);
  readonly #putJamo = (codePoint: number) => this.#putStarter(codePoint);

  constructor(next: Stage, options: BertOptions, classes: Classes) {
    super(next);
    this.#options = options;
    this.#classes = classes;
    this.#stripAccents = options.stripAccents ?? options.lowercase;
    this.#marks = new SortedMarks(classes.order);
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
    else if (isSyllable(codePoint)) putJamo(codePoint, this.#putJamo);
    else {
      const { parts } = this.#classes;
      const place = parts.placeOf(codePoint);
      if (place < 0) this.#strip(codePoint);
      else for (let index = 0; index < parts.lengthAt(place); index++) this.#strip(parts.codePointAt(place, index));
    }
  }

  #strip(codePoint: number): void {
    if (this.#classes.order.rank(codePoint) === 0) {
      this.#putMarks();
      if (codePoint < 0x300 || !this.#classes.nonspacing.has(codePoint)) this.#putLowered(codePoint);
    } else if (!this.#classes.nonspacing.has(codePoint)) {
      this.#marks.add(codePoint);
      if (this.#marks.count > MAX_SORTED_MARKS) this.#putMarks();
    }
  }

  #putStarter(codePoint: number): void {
    this.#putMarks();
    this.#putLowered(codePoint);
  }

  #putMarks(): void {
    const { count } = this.#marks;
    for (let index = 0; index < count; index++) this.#putLowered(this.#marks.at(index));
    if (count > 0) this.#marks.truncate(0);
  }

  #putLowered(codePoint: number): void {
    if (this.#options.lowercase) putLowerCase(codePoint, this.#classes.small, this.#putLower);
    else this.next.put(codePoint);
  }
}

function isChinese(codePoint: number): boolean {
  if (codePoint < 0x3400) return false;
  // An iterator, and a pair for each block, would be a kilobyte of garbage for each character until the code is compiled.
  for (let at = 0; at < CHINESE.length; at += 2) {
    if (codePoint >= (CHINESE[at] ?? 0) && codePoint <= (CHINESE[at + 1] ?? 0)) return true;
  }
  return false;
}
