/** Finds added tokens in the text: the leftmost, of those the longest, as the reference's automaton does. */
import { HeldWhitespace } from "./held-whitespace.ts";
import { PassOn } from "./pass-on.ts";
import type { MakeStage, Stage } from "./stage.ts";

export interface AddedToken {
  id: number;
  /** As it is looked for: normalized, if it is looked for in the normalized text. */
  content: string;
  /** Only where no word character is before it and none behind it. */
  singleWord: boolean;
  /** Takes the whitespace before it, and behind it. */
  lstrip: boolean;
  rstrip: boolean;
}

export interface CharacterTests {
  isWhitespace(codePoint: number): boolean;
  isWord(codePoint: number): boolean;
}

interface Node {
  token: AddedToken | null;
  children: Map<number, Node>;
}

/** Null if there are no tokens to find. */
export function findAddedTokens(tokens: readonly AddedToken[], tests: CharacterTests): MakeStage | null {
  if (tokens.length === 0) return null;
  const root: Node = { token: null, children: new Map() };
  for (const token of tokens) {
    let node = root;
    for (const char of token.content) {
      const codePoint = char.codePointAt(0) ?? 0;
      const child = node.children.get(codePoint) ?? { token: null, children: new Map() };
      node.children.set(codePoint, child);
      node = child;
    }
    node.token = token;
  }
  const holdsSpace = tokens.some(({ lstrip }) => lstrip);
  const longest = tokens.reduce((most, { content }) => Math.max(most, content.length), 0);
  return (next, busy) => {
    const held = holdsSpace ? new HeldWhitespace(next, busy) : null;
    return new FindAddedTokens(held ?? next, { root, longest, held, tests });
  };
}

interface Parts {
  root: Node;
  /** Characters of the longest token. */
  longest: number;
  /** Whitespace that a token behind it would take; null if no token takes any. */
  held: HeldWhitespace | null;
  tests: CharacterTests;
}

class FindAddedTokens extends PassOn {
  readonly #parts: Parts;
  /** What may be the beginning of a token: at most a token, and the character that decides whether it is a word. */
  readonly #held: Int32Array;
  #count = 0;
  /** The longest token that what is held begins with, and its length. */
  #found: AddedToken | null = null;
  #foundLength = 0;
  /** Whitespace belongs to the token before it. */
  #isStripping = false;
  /** The code point before what is held; -1 at the start of the section. */
  #before = -1;

  constructor(next: Stage, parts: Parts) {
    super(next);
    this.#parts = parts;
    this.#held = new Int32Array(parts.longest + 1);
  }

  put(codePoint: number): void {
    if (this.#count === 0 && !this.#parts.root.children.has(codePoint)) this.#pass(codePoint);
    else {
      this.#held[this.#count++] = codePoint;
      this.#find(false);
    }
  }

  override end(): void {
    this.#find(true);
    this.#parts.held?.pass();
    this.#isStripping = false;
    this.#before = -1;
    this.next.end();
  }

  #find(isEnd: boolean): void {
    while (this.#count > 0 && this.#isDecided(isEnd)) {
      // Without a token, the rest may begin anywhere, with what no token begins with.
      const token = this.#found;
      const length = token === null ? 1 : this.#foundLength;
      if (token === null || (token.singleWord && this.#isInWord(length))) {
        for (let index = 0; index < length; index++) this.#pass(this.#held[index] ?? 0);
      } else this.#putToken(token, this.#held[length - 1] ?? 0);
      this.#held.copyWithin(0, length, this.#count);
      this.#count -= length;
    }
  }

  /** Finds the longest token. @returns false if more may follow: a longer token, or the character that decides whether this is a word */
  #isDecided(isEnd: boolean): boolean {
    let node: Node | undefined = this.#parts.root;
    this.#found = null;
    for (let index = 0; index < this.#count; index++) {
      node = node.children.get(this.#held[index] ?? 0);
      if (node === undefined) return true;
      if (node.token === null) continue;
      this.#found = node.token;
      this.#foundLength = index + 1;
    }
    return isEnd || (node.children.size === 0 && !this.#found?.singleWord);
  }

  #isInWord(length: number): boolean {
    const { tests } = this.#parts;
    const isBehind = length < this.#count && tests.isWord(this.#held[length] ?? 0);
    return isBehind || (this.#before >= 0 && tests.isWord(this.#before));
  }

  /** @param last the token's last character */
  #putToken(token: AddedToken, last: number): void {
    if (token.lstrip) this.#parts.held?.drop();
    else this.#parts.held?.pass();
    this.next.end();
    this.next.token(token.id);
    this.#isStripping = token.rstrip;
    this.#before = last;
  }

  #pass(codePoint: number): void {
    this.#before = codePoint;
    const { held, tests } = this.#parts;
    if (held !== null || this.#isStripping) {
      if (tests.isWhitespace(codePoint)) {
        if (!this.#isStripping) held?.hold(codePoint);
        return;
      }
      this.#isStripping = false;
      held?.pass();
    }
    this.next.put(codePoint);
  }
}
