/** Normalizers that look at one code point at a time. */
import { HeldWhitespace } from "../core/held-whitespace.ts";
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace, putLowerCase, smallLetters } from "../unicode/classes.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { COMBINING_MARK } from "../unicode/tables.ts";

const SPACE = 0x20;

/** `put` receives a code point and passes on what it becomes. */
function perCodePoint(replace: (codePoint: number, put: (codePoint: number) => void) => void): MakeStage {
  return (next) => {
    const put = (codePoint: number) => next.put(codePoint);
    return {
      put: (codePoint) => replace(codePoint, put),
      end: () => next.end(),
      token: (id) => next.token(id),
    };
  };
}

export function lowercase(): MakeStage {
  const small = smallLetters();
  return perCodePoint((codePoint, put) => putLowerCase(codePoint, small, put));
}

export function stripAccents(): MakeStage {
  const marks = new CodePointSet(COMBINING_MARK);
  return perCodePoint((codePoint, put) => {
    if (!marks.has(codePoint)) put(codePoint);
  });
}

/** Controls that `Nmt` removes, and what it makes a space. */
export function nmt(): MakeStage {
  return perCodePoint((c, put) => {
    if ((c >= 1 && c <= 8) || c === 0x0b || (c >= 0x0e && c <= 0x1f) || c === 0x7f || c === 0x8f || c === 0x9f) return;
    const isSpace =
      c === 0x09 ||
      c === 0x0a ||
      c === 0x0c ||
      c === 0x0d ||
      c === 0x1680 ||
      (c >= 0x200b && c <= 0x200f) ||
      c === 0x2028 ||
      c === 0x2029 ||
      c === 0x2581 ||
      c === 0xfeff ||
      c === 0xfffd;
    put(isSpace ? SPACE : c);
  });
}

/** Puts a text before each section that is not empty. */
export function prepend(text: string): MakeStage {
  const codePoints = codePointsOf(text);
  return (next) => {
    let isStart = true;
    return {
      put(codePoint) {
        if (isStart) for (const c of codePoints) next.put(c);
        isStart = false;
        next.put(codePoint);
      },
      end() {
        isStart = true;
        next.end();
      },
      token: (id) => next.token(id),
    };
  };
}

/** Removes whitespace at the ends of each section. */
export function strip(left: boolean, right: boolean): MakeStage {
  return (next, busy) => {
    const held = right ? new HeldWhitespace(next, busy) : null;
    return new Strip(held ?? next, left, held);
  };
}

class Strip extends PassOn {
  readonly #left: boolean;
  /** Whitespace that is at the end, if nothing follows; null if that is kept. */
  readonly #held: HeldWhitespace | null;
  #isStart = true;

  constructor(next: Stage, left: boolean, held: HeldWhitespace | null) {
    super(next);
    this.#left = left;
    this.#held = held;
  }

  put(codePoint: number): void {
    if (isWhitespace(codePoint)) {
      if (this.#isStart && this.#left) return;
      if (this.#held !== null) {
        this.#held.hold(codePoint);
        return;
      }
    }
    this.#isStart = false;
    this.#held?.pass();
    this.next.put(codePoint);
  }

  override end(): void {
    this.#isStart = true;
    this.#held?.drop();
    this.next.end();
  }
}

/** The code points of a text, as numbers. */
export function codePointsOf(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0) ?? 0);
}
