/**
 * Where graphemes begin, as far as graphemes of fewer than six bytes depend on it: pairs of regional indicators and Indic conjuncts are
 * longer in any case, and each of their characters is looked up singly.
 */
import { CodePointSet } from "./code-point-set.ts";
import { GLUE } from "./tables.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const ZERO_WIDTH_JOINER = 0x200d;
const CONTROL = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
/** First and last of each range of characters that belong to the grapheme after them. */
const PREPENDED: readonly (readonly [number, number])[] = [
  [0x600, 0x605],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0xd4e, 0xd4e],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x111c2, 0x111c3],
  [0x1193f, 0x1193f],
  [0x11941, 0x11941],
  [0x11a3a, 0x11a3a],
  [0x11a84, 0x11a89],
  [0x11d46, 0x11d46],
  [0x11f02, 0x11f02],
];

type Kind = "other" | "control" | "glue" | "prepended" | "leading" | "vowel" | "trailing" | "syllable" | "closed";

export class GraphemeBreaks {
  readonly #glue = new CodePointSet(GLUE);
  #previous = 0;
  #previousKind: Kind = "other";
  /** A pictograph, then glue, then a joiner: the next pictograph belongs to it. */
  #isPictograph = false;

  /** Call it for each code point in order. @param isStart nothing is before it */
  isBefore(codePoint: number, isStart: boolean): boolean {
    const kind = this.#kindOf(codePoint);
    const isJoined = !isStart && this.#joins(codePoint, kind);
    const isPictograph = kind === "other" && isPictographic(codePoint);
    this.#isPictograph = isPictograph || (this.#isPictograph && kind === "glue" && isJoined);
    this.#previous = codePoint;
    this.#previousKind = kind;
    return !isJoined;
  }

  #joins(codePoint: number, kind: Kind): boolean {
    if (this.#previousKind === "control") return this.#previous === CARRIAGE_RETURN && codePoint === LINE_FEED;
    if (kind === "control") return false;
    if (kind === "glue" || this.#previousKind === "prepended") return true;
    const before = this.#previousKind;
    if (before === "leading") return kind === "leading" || kind === "vowel" || kind === "syllable" || kind === "closed";
    if (before === "vowel" || before === "syllable") return kind === "vowel" || kind === "trailing";
    if (before === "trailing" || before === "closed") return kind === "trailing";
    if (!this.#isPictograph || this.#previous !== ZERO_WIDTH_JOINER) return false;
    return isPictographic(codePoint);
  }

  #kindOf(c: number): Kind {
    if (c < 0xa0) return c < 0x20 || c >= 0x7f ? "control" : "other";
    if (this.#glue.has(c)) return "glue";
    if (PREPENDED.some(([first, last]) => c >= first && c <= last)) return "prepended";
    if (c >= 0x1100) {
      if (c <= 0x115f || (c >= 0xa960 && c <= 0xa97c)) return "leading";
      if (c <= 0x11a7 || (c >= 0xd7b0 && c <= 0xd7c6)) return "vowel";
      if (c <= 0x11ff || (c >= 0xd7cb && c <= 0xd7fb)) return "trailing";
      if (c >= 0xac00 && c <= 0xd7a3) return (c - 0xac00) % 28 === 0 ? "syllable" : "closed";
    }
    // No test, which would make a text, where there are none.
    if (c > 0x3164 && c < 0xfe00) return "other";
    return CONTROL.test(String.fromCodePoint(c)) ? "control" : "other";
  }
}

function isPictographic(c: number): boolean {
  const isInRange = (c >= 0x2000 && c < 0x3300) || c === 0xa9 || c === 0xae || (c >= 0x1f000 && c < 0x20000);
  return isInRange && PICTOGRAPH.test(String.fromCodePoint(c));
}
