/**
 * Pure. A JSON text as it arrives, in pieces of bytes: counted against its bounds and copied in a short form, before anything is built of
 * it. One pass, no recursion. The short form is valid JSON if the text is, and only then, except inside of marked strings.
 */
import { GrowingBlock } from "./bounded-body.ts";

const [QUOTE, BACKSLASH, COMMA, SPACE, MARK] = [0x22, 0x5c, 0x2c, 0x20, 0x7e];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [TAB, NEWLINE, RETURN, LETTER_U] = [0x09, 0x0a, 0x0d, 0x75];
const HEX = "0123456789abcdef";
/** What a decoder writes for bytes that are no character. */
const REPLACEMENT = 0xfffd;

export interface JsonBounds {
  /** Levels of arrays and objects. */
  depth: number;
  /** Items of all arrays and keys of all objects, with the arrays and objects themselves. */
  values: number;
  /** Keys and values that are strings. */
  strings: number;
  /** Of one string between its quotes, as it is written. */
  stringBytes: number;
  /** A longer string stands as `"~"` in the short form, or ends the text. */
  longStrings: "mark" | "refuse";
  /** Of the short form. */
  shortFormBytes: number;
  /** Writes characters beyond ASCII as escapes: a string of V8 has two bytes for each character if one of them is beyond Latin. */
  ascii?: boolean;
}

/** The bound that a text exceeded first. */
export type ExceededBound = "depth" | "values" | "strings" | "string" | "short-form";

export class JsonFilter {
  readonly #bounds: JsonBounds;
  readonly #shortForm = new GrowingBlock();
  #exceeded: ExceededBound | null = null;
  #hasMarks = false;
  #level = 0;
  #values = 0;
  #strings = 0;
  /** The character beyond ASCII that is read, and how many of its bytes are missing. */
  #character = 0;
  #missing = 0;
  /** Where the string that is read begins in the short form; null outside of strings. */
  #stringAt: number | null = null;
  #isMarked = false;
  #isEscaped = false;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  get exceeded(): ExceededBound | null {
    return this.#exceeded;
  }

  /** Whether the short form has less than the text. */
  get hasMarks(): boolean {
    return this.#hasMarks;
  }

  /** The text so far, without runs of blanks. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#shortForm.bytes;
  }

  /** Frees the short form at once. */
  release(): void {
    this.#shortForm.release();
  }

  /** @returns false once a bound is exceeded: the rest of the text is not wanted */
  add(piece: Uint8Array): boolean {
    const shortForm = this.#shortForm;
    shortForm.reserve(piece.byteLength);
    for (let at = 0; at < piece.byteLength && this.#exceeded === null; at++) {
      const code = piece[at] ?? 0;
      if (this.#stringAt === null) this.#outside(code);
      else this.#inside(code, this.#stringAt);
    }
    if (shortForm.size > this.#bounds.shortFormBytes) this.#exceeded ??= "short-form";
    return this.#exceeded === null;
  }

  #outside(code: number): void {
    const { depth, values, strings } = this.#bounds;
    if (code === SPACE || code === NEWLINE || code === RETURN || code === TAB) {
      // One blank keeps two numbers apart, which are no JSON.
      if (this.#shortForm.last !== SPACE) this.#shortForm.push(SPACE);
      return;
    }
    if (code === QUOTE) {
      this.#stringAt = this.#shortForm.size;
      this.#strings += 1;
      this.#missing = 0;
      if (this.#strings > strings) this.#exceeded = "strings";
    }
    // Outside of strings, JSON has only ASCII.
    this.#shortForm.push(this.#bounds.ascii && code >= 0x80 ? MARK : code);
    if (code === OPEN_BRACE || code === OPEN_BRACKET || code === COMMA) {
      // An array or object and its first item; each comma is one more item.
      this.#values += 1;
      if (code !== COMMA) this.#level += 1;
      if (this.#values > values) this.#exceeded = "values";
      else if (this.#level > depth) this.#exceeded = "depth";
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) this.#level -= 1;
  }

  #inside(code: number, stringAt: number): void {
    const wasEscaped = this.#isEscaped;
    const isEnd = code === QUOTE && !wasEscaped;
    this.#isEscaped = code === BACKSLASH && !wasEscaped;
    if (!this.#isMarked || isEnd) {
      const isBeyondAscii = this.#bounds.ascii && code >= 0x80;
      // Behind a backslash it is no JSON, and must not become any.
      if (isBeyondAscii && wasEscaped) this.#shortForm.push(MARK);
      if (isBeyondAscii) this.#escape(code);
      else this.#shortForm.push(code);
    }
    if (isEnd) {
      this.#stringAt = null;
      this.#isMarked = false;
    } else if (!this.#isMarked && this.#shortForm.size - stringAt - 1 > this.#bounds.stringBytes) {
      if (this.#bounds.longStrings === "refuse") this.#exceeded = "string";
      this.#shortForm.cut(stringAt + 1);
      this.#shortForm.push(MARK);
      this.#isMarked = true;
      this.#hasMarks = true;
    }
  }

  /** One byte of a character in UTF-8. Of bytes that are none, some other character is written. */
  #escape(code: number): void {
    const isFirst = code >= 0xc0;
    if (isFirst) {
      this.#missing = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;
      this.#character = code & (0x3f >> this.#missing);
    } else {
      this.#missing -= 1;
      this.#character = (this.#character << 6) | (code & 0x3f);
    }
    if (this.#missing > 0) return;
    const character = this.#missing < 0 || this.#character > 0x10ffff ? REPLACEMENT : this.#character;
    this.#missing = 0;
    if (character <= 0xffff) this.#pushEscape(character);
    else {
      this.#pushEscape(0xd800 + ((character - 0x10000) >> 10));
      this.#pushEscape(0xdc00 + ((character - 0x10000) & 0x3ff));
    }
  }

  #pushEscape(unit: number): void {
    this.#shortForm.push(BACKSLASH);
    this.#shortForm.push(LETTER_U);
    for (const shift of [12, 8, 4, 0]) this.#shortForm.push(HEX.charCodeAt((unit >> shift) & 0xf));
  }
}
