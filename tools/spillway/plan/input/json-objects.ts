/** The objects in the arrays of a JSON document that arrives in pieces. Holds one object. */
import type { Chunks } from "./call.ts";

export const MAX_OBJECT_CHARACTERS = 4 * 2 ** 20;

/** Receives an object's text, and the number of the line where it begins. Null for one that does not end, or is too long. */
type OnObject = (text: string | null, line: number) => void;

/** Calls `onObject` with each object that is directly in an array, but not with objects inside of it. */
export async function eachObject(chunks: Chunks, onObject: OnObject): Promise<void> {
  const scanner = new Scanner(onObject);
  for await (const chunk of chunks) scanner.write(chunk);
  scanner.end();
}

interface Reading {
  depth: number;
  line: number;
  pieces: string[];
  length: number;
}

class Scanner {
  /** Brackets that are open outside of an object that is read. */
  readonly #open: string[] = [];
  #object: Reading | null = null;
  #isInString = false;
  #isEscaped = false;
  #line = 1;
  readonly #onObject: OnObject;

  constructor(onObject: OnObject) {
    this.#onObject = onObject;
  }

  write(chunk: string): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const character = chunk[at] ?? "";
      if (character === "\n") this.#line += 1;
      if (this.#isInString) this.#readString(character);
      else if (character === '"') this.#isInString = true;
      else if (this.#object !== null) {
        if (character === "{") this.#object.depth += 1;
        else if (character === "}") this.#object.depth -= 1;
        if (this.#object.depth === 0) this.#endObject(this.#object, chunk.slice(from, at + 1));
      } else if (character === "{" && this.#open.at(-1) === "[") {
        this.#object = { depth: 1, line: this.#line, pieces: [], length: 0 };
        from = at;
      } else if (character === "{" || character === "[") this.#open.push(character);
      else if (character === "}" || character === "]") this.#open.pop();
    }
    if (this.#object !== null) keep(this.#object, chunk.slice(from));
  }

  end(): void {
    if (this.#object !== null) this.#onObject(null, this.#object.line);
  }

  #readString(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }

  #endObject(object: Reading, piece: string): void {
    keep(object, piece);
    this.#onObject(object.length > MAX_OBJECT_CHARACTERS ? null : object.pieces.join(""), object.line);
    this.#object = null;
  }
}

function keep(object: Reading, piece: string): void {
  object.length += piece.length;
  if (object.length <= MAX_OBJECT_CHARACTERS) object.pieces.push(piece);
  else object.pieces = [];
}
