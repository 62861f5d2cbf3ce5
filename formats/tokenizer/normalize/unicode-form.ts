/** NFC, NFD, NFKC and NFKD, in runs that begin where no form changes anything across. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { TextError } from "../core/tokenizer-error.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { COMBINING_MARK, DECOMPOSABLE, NON_STARTER, TOO_NEW } from "../unicode/tables.ts";

export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Code units in a run. Sorting longer runs takes the square of their length; real texts have a few marks on a letter. */
const MAX_RUN_LENGTH = 1024;
/** Characters that are no marks and join with what is before them: jamo and halfwidth forms. */
const JOINS: readonly (readonly [number, number])[] = [
  [0x1100, 0x11ff],
  [0x3131, 0x318e],
  [0xa960, 0xa97c],
  [0xd7b0, 0xd7fb],
  [0xff9e, 0xffdc],
];

/** @throws TextError from the stage, for a run that is too long */
export function unicodeForm(form: UnicodeForm): MakeStage {
  const classes: Classes = {
    mark: new CodePointSet(COMBINING_MARK),
    nonStarter: new CodePointSet(NON_STARTER),
    tooNew: new CodePointSet(TOO_NEW),
    decomposable: form === "NFC" || form === "NFD" ? new CodePointSet(DECOMPOSABLE) : null,
  };
  return (next) => new UnicodeFormStage(next, form, classes);
}

interface Classes {
  mark: CodePointSet;
  nonStarter: CodePointSet;
  tooNew: CodePointSet;
  /** What the form may change; null if no table has it. */
  decomposable: CodePointSet | null;
}

const UNCHANGED: readonly (readonly [number, number])[] = [
  [0x3400, 0x9fff],
  [0xe000, 0xf8ff],
  [0x20000, 0x2f7ff],
];

class UnicodeFormStage extends PassOn {
  readonly #form: UnicodeForm;
  readonly #classes: Classes;
  /** The first character, or -1; and how many code units all have, as they are in `#units`. */
  #first = -1;
  #length = 0;
  readonly #units = new Uint16Array(MAX_RUN_LENGTH + 2);

  constructor(next: Stage, form: UnicodeForm, classes: Classes) {
    super(next);
    this.#form = form;
    this.#classes = classes;
  }

  put(codePoint: number): void {
    if (codePoint < 0x80 || this.#begins(codePoint)) this.#putRun();
    if (this.#classes.tooNew.has(codePoint)) {
      // The reference does not know that these characters have parts, or are marks.
      this.#putRun();
      this.next.put(codePoint);
      return;
    }
    if (this.#first < 0) this.#first = codePoint;
    if (codePoint < 0x10000) this.#units[this.#length++] = codePoint;
    else {
      this.#units[this.#length++] = 0xd7c0 + (codePoint >> 10);
      this.#units[this.#length++] = 0xdc00 + (codePoint & 0x3ff);
    }
    if (this.#length > MAX_RUN_LENGTH) {
      throw new TextError(`The text has more than ${MAX_RUN_LENGTH} combining characters in a row.`);
    }
  }

  override end(): void {
    this.#putRun();
    this.next.end();
  }

  #begins(codePoint: number): boolean {
    const { nonStarter, mark } = this.#classes;
    return !nonStarter.has(codePoint) && !mark.has(codePoint) && !isIn(JOINS, codePoint);
  }

  #putRun(): void {
    const first = this.#first;
    if (first < 0) return;
    const length = this.#length;
    this.#first = -1;
    this.#length = 0;
    const isOne = length === (first < 0x10000 ? 1 : 2);
    if (isOne && this.#isUnchanged(first)) this.next.put(first);
    else {
      const text = isOne ? String.fromCodePoint(first) : String.fromCharCode(...this.#units.subarray(0, length));
      putText(text.normalize(this.#form), this.next);
    }
  }

  /** Of a character by itself. */
  #isUnchanged(codePoint: number): boolean {
    const { decomposable } = this.#classes;
    if (codePoint < 0x80) return true;
    return decomposable === null ? isIn(UNCHANGED, codePoint) : !decomposable.has(codePoint);
  }
}

function putText(text: string, next: Stage): void {
  for (let at = 0; at < text.length; at++) {
    const codePoint = text.codePointAt(at) ?? 0;
    next.put(codePoint);
    if (codePoint > 0xffff) at++;
  }
}

function isIn(ranges: readonly (readonly [number, number])[], codePoint: number): boolean {
  for (const [first, last] of ranges) if (codePoint >= first && codePoint <= last) return true;
  return false;
}
