/**
 * ByteLevel: GPT-2's pattern `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, then one visible character for
 * each byte of UTF-8.
 */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace } from "../unicode/classes.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { LETTER, NUMBER } from "../unicode/tables.ts";

const SPACE = 0x20;
const APOSTROPHE = 0x27;
/** The visible character of each byte. */
const CHARACTERS = visibleCharacters();

export interface ByteLevelOptions {
  addPrefixSpace: boolean;
  useRegex: boolean;
}

export function byteLevel({ addPrefixSpace, useRegex }: ByteLevelOptions): MakeStage {
  const letters = new CodePointSet(LETTER);
  const numbers = new CodePointSet(NUMBER);
  const classOf = (codePoint: number): CharacterClass => {
    if (isWhitespace(codePoint)) return "space";
    if (letters.has(codePoint)) return "letter";
    return numbers.has(codePoint) ? "number" : "other";
  };
  return (next) => {
    const bytes = toBytes(next);
    const pattern = useRegex ? new Gpt2Pattern(bytes, classOf) : bytes;
    return addPrefixSpace ? prefixSpace(pattern) : pattern;
  };
}

type CharacterClass = "space" | "letter" | "number" | "other";

function prefixSpace(next: Stage): Stage {
  let isStart = true;
  return {
    put(codePoint) {
      if (isStart && codePoint !== SPACE) next.put(SPACE);
      isStart = false;
      next.put(codePoint);
    },
    end() {
      isStart = true;
      next.end();
    },
    token: (id) => next.token(id),
  };
}

class Gpt2Pattern extends PassOn {
  readonly #classOf: (codePoint: number) => CharacterClass;
  /** The class of the piece that is not over; null at the start and after a contraction. */
  #piece: CharacterClass | null = null;
  /** Whitespace that belongs to what follows, or is the end of a run of it. */
  #space: number | null = null;
  /** An apostrophe that begins a piece, and up to one letter: a contraction, perhaps. */
  #contraction: number[] = [];

  constructor(next: Stage, classOf: (codePoint: number) => CharacterClass) {
    super(next);
    this.#classOf = classOf;
  }

  put(codePoint: number): void {
    if (this.#contraction.length > 0 && this.#contract(codePoint)) return;
    const found = this.#classOf(codePoint);
    if (found === "space") {
      this.#putSpace(codePoint);
      return;
    }
    if (this.#space !== null) {
      const space = this.#space;
      this.#space = null;
      // The run of whitespace is over: its last one begins the next piece if it is a space, and is a piece otherwise.
      this.#endPiece();
      this.next.put(space);
      if (space !== SPACE) this.next.end();
      else {
        this.#piece = found;
        this.next.put(codePoint);
        return;
      }
    }
    if (found === this.#piece) {
      this.next.put(codePoint);
      return;
    }
    this.#endPiece();
    if (codePoint === APOSTROPHE) this.#contraction = [codePoint];
    else {
      this.#piece = found;
      this.next.put(codePoint);
    }
  }

  override end(): void {
    this.#endContraction();
    if (this.#space !== null) {
      if (this.#piece !== "space") this.#endPiece();
      this.next.put(this.#space);
      this.#space = null;
    }
    this.#endPiece();
    this.next.end();
  }

  #putSpace(codePoint: number): void {
    if (this.#space !== null) {
      if (this.#piece !== "space") this.#endPiece();
      this.#piece = "space";
      this.next.put(this.#space);
    }
    this.#space = codePoint;
  }

  #endPiece(): void {
    if (this.#piece !== null) this.next.end();
    this.#piece = null;
  }

  /** @returns whether the code point belongs to a contraction, or may */
  #contract(codePoint: number): boolean {
    const letter = String.fromCodePoint(codePoint);
    if (this.#contraction.length === 1) {
      if ("stmd".includes(letter)) {
        this.#putContraction(codePoint);
        return true;
      }
      if ("rvl".includes(letter)) {
        this.#contraction.push(codePoint);
        return true;
      }
    } else {
      const before = String.fromCodePoint(this.#contraction[1] ?? 0);
      if (["re", "ve", "ll"].includes(before + letter)) {
        this.#putContraction(codePoint);
        return true;
      }
    }
    this.#endContraction();
    return false;
  }

  #putContraction(last: number): void {
    for (const codePoint of [...this.#contraction, last]) this.next.put(codePoint);
    this.#contraction = [];
    this.next.end();
  }

  /** It was none: the apostrophe begins a piece of other characters. */
  #endContraction(): void {
    const [apostrophe, letter] = this.#contraction;
    this.#contraction = [];
    if (apostrophe === undefined) return;
    this.#piece = "other";
    this.next.put(apostrophe);
    if (letter !== undefined) this.put(letter);
  }
}

function toBytes(next: Stage): Stage {
  const put = (byte: number) => next.put(CHARACTERS[byte] ?? 0);
  return {
    put(codePoint) {
      if (codePoint < 0x80) put(codePoint);
      else if (codePoint < 0x800) {
        put(0xc0 | (codePoint >> 6));
        put(0x80 | (codePoint & 0x3f));
      } else if (codePoint < 0x10000) {
        put(0xe0 | (codePoint >> 12));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
      } else {
        put(0xf0 | (codePoint >> 18));
        put(0x80 | ((codePoint >> 12) & 0x3f));
        put(0x80 | ((codePoint >> 6) & 0x3f));
        put(0x80 | (codePoint & 0x3f));
      }
    },
    end: () => next.end(),
    token: (id) => next.token(id),
  };
}

/** Bytes of printable Latin-1 characters stay; the others follow from U+0100. */
function visibleCharacters(): number[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return isVisible ? byte : 0x100 + moved++;
  });
}
