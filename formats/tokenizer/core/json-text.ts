/**
 * Reads the large parts of a tokenizer.json in steps, without making objects of them: JSON.parse makes 10 MiB of a vocabulary of 30,000
 * tokens, in one piece of work.
 */
import { type Json, withoutByteOrderMark } from "../../json.ts";
import { TokenizerError } from "./tokenizer-error.ts";

/** Entries, or structural characters, between two steps. */
const STEP_ENTRIES = 256;
const STRING = /\s*"([^"\\]*(?:\\.[^"\\]*)*)"\s*/y;
const NUMBER = /\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*/y;
const UNTIL_STRUCTURE = /[^"[\]{}]*/y;
const SCALAR = /\s*(?:true|false|null|-?\d[\d.eE+-]*)\s*/y;

/** Where a value is in the text. */
export interface Span {
  from: number;
  to: number;
}

/** A generator that yields where the thread may be given to others. */
export type Steps<T> = Generator<undefined, T, undefined>;

export class JsonText {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = withoutByteOrderMark(text);
  }

  /** The spans of an object's values, by key. @throws TokenizerError if it is not JSON */
  *keys(from = 0): Steps<Map<string, Span>> {
    const spans = new Map<string, Span>();
    this.#at = from;
    this.expect("{");
    if (this.accept("}")) return spans;
    do {
      const key = this.string();
      this.expect(":");
      const start = this.#at;
      yield* this.#skip();
      spans.set(key, { from: start, to: this.#at });
    } while (this.accept(","));
    this.expect("}");
    return spans;
  }

  /** A small value. */
  value({ from, to }: Span): Json {
    try {
      return JSON.parse(this.text.slice(from, to));
    } catch {
      throw this.#fault(from);
    }
  }

  /** Calls `read` for each entry of an object or array; it reads one entry with the methods below. */
  *entries({ from }: Span, kind: "{}" | "[]", read: (index: number) => void): Steps<number> {
    this.#at = from;
    this.expect(kind.charAt(0));
    if (this.accept(kind.charAt(1))) return 0;
    let count = 0;
    do {
      read(count++);
      if (count % STEP_ENTRIES === 0) yield;
    } while (this.accept(","));
    this.expect(kind.charAt(1));
    return count;
  }

  string(): string {
    const raw = this.#match(STRING);
    if (!raw.includes("\\")) return raw;
    try {
      return JSON.parse(`"${raw}"`);
    } catch {
      throw this.#fault(this.#at);
    }
  }

  /** The number as it is written. */
  number(): string {
    return this.#match(NUMBER);
  }

  /** Skips a character, and the whitespace around it, if it is next. */
  accept(character: string): boolean {
    let at = this.#at;
    while (isSpace(this.text.charCodeAt(at))) at++;
    if (this.text[at] !== character) return false;
    at++;
    while (isSpace(this.text.charCodeAt(at))) at++;
    this.#at = at;
    return true;
  }

  /** @throws TokenizerError if another character is next */
  expect(character: string): void {
    if (!this.accept(character)) throw this.#fault(this.#at);
  }

  *#skip(): Steps<void> {
    if (this.#test(SCALAR)) return;
    let depth = 0;
    let count = 0;
    do {
      this.#test(UNTIL_STRUCTURE);
      const character = this.text[this.#at];
      if (character === '"') this.#match(STRING);
      else {
        if (character === undefined) throw this.#fault(this.#at);
        depth += character === "{" || character === "[" ? 1 : -1;
        this.#at++;
      }
      if (++count % STEP_ENTRIES === 0) yield;
    } while (depth > 0);
    while (isSpace(this.text.charCodeAt(this.#at))) this.#at++;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [, group] = pattern.exec(this.text) ?? [];
    if (group === undefined) throw this.#fault(this.#at);
    this.#at = pattern.lastIndex;
    return group;
  }

  #test(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const isMatch = pattern.test(this.text);
    if (isMatch) this.#at = pattern.lastIndex;
    return isMatch;
  }

  #fault(at: number): TokenizerError {
    return new TokenizerError("the file", `is not JSON, or has another form, at character ${at}.`);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
