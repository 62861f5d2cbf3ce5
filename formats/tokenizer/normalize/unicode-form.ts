/** NFC, NFD, NFKC and NFKD, in runs that begin where no form changes anything across. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { TextError } from "../core/tokenizer-error.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { NON_STARTER, TOO_NEW } from "../unicode/tables.ts";

export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Code units in a run. Sorting longer runs takes the square of their length; real texts have a few marks on a letter. */
const MAX_RUN_LENGTH = 1024;
/** A letter, number, mark of punctuation or symbol that does not join with what is before it; jamo and halfwidth forms may. */
const BEGINS_RUN = /^[\p{L}\p{N}\p{P}\p{S}\p{Z}\p{C}]$/u;
const JOINS: readonly (readonly [number, number])[] = [
  [0x1100, 0x11ff],
  [0x3131, 0x318e],
  [0xa960, 0xa97c],
  [0xd7b0, 0xd7fb],
  [0xff9e, 0xffdc],
];

/** @throws TextError from the stage, for a run that is too long */
export function unicodeForm(form: UnicodeForm): MakeStage {
  const nonStarter = new CodePointSet(NON_STARTER);
  const tooNew = new CodePointSet(TOO_NEW);
  return (next) => new UnicodeFormStage(next, form, { nonStarter, tooNew });
}

interface Classes {
  nonStarter: CodePointSet;
  tooNew: CodePointSet;
}

class UnicodeFormStage extends PassOn {
  readonly #form: UnicodeForm;
  readonly #classes: Classes;
  #run = "";

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
    this.#run += String.fromCodePoint(codePoint);
    if (this.#run.length > MAX_RUN_LENGTH) {
      throw new TextError(`The text has more than ${MAX_RUN_LENGTH} combining characters in a row.`);
    }
  }

  override end(): void {
    this.#putRun();
    this.next.end();
  }

  #begins(codePoint: number): boolean {
    if (this.#classes.nonStarter.has(codePoint) || !BEGINS_RUN.test(String.fromCodePoint(codePoint))) return false;
    return !JOINS.some(([first, last]) => codePoint >= first && codePoint <= last);
  }

  #putRun(): void {
    const run = this.#run;
    if (run === "") return;
    this.#run = "";
    const first = run.charCodeAt(0);
    if (run.length === 1 && first < 0x80) {
      this.next.put(first);
      return;
    }
    for (const char of run.normalize(this.#form)) this.next.put(char.codePointAt(0) ?? 0);
  }
}
