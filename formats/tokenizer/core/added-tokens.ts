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
  return (next, busy) => {
    const held = holdsSpace ? new HeldWhitespace(next, busy) : null;
    return new FindAddedTokens(held ?? next, { root, held, tests });
  };
}

interface Parts {
  root: Node;
  /** Whitespace that a token behind it would take; null if no token takes any. */
  held: HeldWhitespace | null;
  tests: CharacterTests;
}

class FindAddedTokens extends PassOn {
  readonly #parts: Parts;
  /** What may be the beginning of a token. */
  #held: number[] = [];
  /** Whitespace belongs to the token before it. */
  #isStripping = false;
  /** The code point before what is held; -1 at the start of the section. */
  #before = -1;

  constructor(next: Stage, parts: Parts) {
    super(next);
    this.#parts = parts;
  }

  put(codePoint: number): void {
    if (this.#held.length === 0 && !this.#parts.root.children.has(codePoint)) this.#pass(codePoint);
    else {
      this.#held.push(codePoint);
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
    while (this.#held.length > 0) {
      const found = this.#longest(isEnd);
      if (found === "undecided") return;
      if (found === null) {
        this.#pass(this.#held.shift() ?? 0);
        // The rest may begin anywhere, with what no token begins with.
        continue;
      }
      const { token, length } = found;
      if (token.singleWord && this.#isInWord(length))
        for (const codePoint of this.#held.splice(0, length)) this.#pass(codePoint);
      else this.#putToken(token, this.#held.splice(0, length));
    }
  }

  #longest(isEnd: boolean): { token: AddedToken; length: number } | "undecided" | null {
    let node: Node | undefined = this.#parts.root;
    let found: { token: AddedToken; length: number } | null = null;
    for (const [index, codePoint] of this.#held.entries()) {
      node = node.children.get(codePoint);
      if (node === undefined) return found;
      if (node.token !== null) found = { token: node.token, length: index + 1 };
    }
    // More may follow: a longer token, or the character that decides whether this is a word.
    const isDecided = isEnd || (node.children.size === 0 && !found?.token.singleWord);
    return isDecided ? found : "undecided";
  }

  #isInWord(length: number): boolean {
    const { tests } = this.#parts;
    const behind = this.#held[length];
    return (this.#before >= 0 && tests.isWord(this.#before)) || (behind !== undefined && tests.isWord(behind));
  }

  #putToken(token: AddedToken, content: readonly number[]): void {
    if (token.lstrip) this.#parts.held?.drop();
    else this.#parts.held?.pass();
    this.next.end();
    this.next.token(token.id);
    this.#isStripping = token.rstrip;
    this.#before = content.at(-1) ?? -1;
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
