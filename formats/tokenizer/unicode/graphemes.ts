/**
 * Where graphemes begin, as far as graphemes of fewer than six bytes depend on it: pairs of regional indicators and Indic conjuncts are
 * longer in any case, and each of their characters is looked up singly.
 */
import { CodePointSet } from "./code-point-set.ts";
import { BREAKING, GLUE, PICTOGRAPH, PREPENDED } from "./tables.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const ZERO_WIDTH_JOINER = 0x200d;

type Kind = "other" | "control" | "glue" | "prepended" | "leading" | "vowel" | "trailing" | "syllable" | "closed";

interface Sets {
  glue: CodePointSet;
  control: CodePointSet;
  pictograph: CodePointSet;
  prepended: CodePointSet;
}

/** For all texts of a tokenizer. */
export function graphemeSets(): Sets {
  return {
    glue: new CodePointSet(GLUE),
    control: new CodePointSet(BREAKING),
    pictograph: new CodePointSet(PICTOGRAPH),
    prepended: new CodePointSet(PREPENDED),
  };
}

export class GraphemeBreaks {
  readonly #sets: Sets;
  #previous = 0;
  #previousKind: Kind = "other";
  /** A pictograph, then glue, then a joiner: the next pictograph belongs to it. */
  #isPictograph = false;

  /** @param sets as `graphemeSets` makes them */
  constructor(sets: Sets) {
    this.#sets = sets;
  }

  /** Call it for each code point in order. @param isStart nothing is before it */
  isBefore(codePoint: number, isStart: boolean): boolean {
    const kind = this.#kindOf(codePoint);
    const isJoined = !isStart && this.#joins(codePoint, kind);
    const isPictograph = kind === "other" && this.#sets.pictograph.has(codePoint);
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
    return this.#sets.pictograph.has(codePoint);
  }

  #kindOf(c: number): Kind {
    if (c < 0xa0) return c < 0x20 || c >= 0x7f ? "control" : "other";
    const { glue, prepended, control } = this.#sets;
    if (glue.has(c)) return "glue";
    if (prepended.has(c)) return "prepended";
    if (c >= 0x1100) {
      if (c <= 0x115f || (c >= 0xa960 && c <= 0xa97c)) return "leading";
      if (c <= 0x11a7 || (c >= 0xd7b0 && c <= 0xd7c6)) return "vowel";
      if (c <= 0x11ff || (c >= 0xd7cb && c <= 0xd7fb)) return "trailing";
      if (c >= 0xac00 && c <= 0xd7a3) return (c - 0xac00) % 28 === 0 ? "syllable" : "closed";
    }
    return control.has(c) ? "control" : "other";
  }
}
