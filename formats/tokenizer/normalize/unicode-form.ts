/** NFC, NFD, NFKC and NFKD, one character after another: only the last starter and the marks behind it are held back. */
import { PassOn } from "../core/pass-on.ts";
import type { MakeStage, Stage } from "../core/stage.ts";
import { TextError } from "../core/tokenizer-error.ts";
import { CodePointMap } from "../unicode/code-point-map.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { COMPATIBLE, DECOMPOSABLE, TOO_NEW } from "../unicode/tables.ts";
import { CombiningOrder, Compositions, isSyllable, putJamo, SortedMarks } from "./combining.ts";

export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Marks on a letter. Real texts have a few. */
const MAX_MARKS = 1024;

/** @throws TextError from the stage, for a character with too many marks */
export function unicodeForm(form: UnicodeForm): MakeStage {
  const isCompatible = form === "NFKC" || form === "NFKD";
  const decomposed = isCompatible ? "NFKD" : "NFD";
  const tables: Tables = {
    tooNew: new CodePointSet(TOO_NEW),
    parts: new CodePointMap(new CodePointSet(isCompatible ? COMPATIBLE : DECOMPOSABLE), (codePoint) =>
      String.fromCodePoint(codePoint).normalize(decomposed),
    ),
    order: new CombiningOrder(),
    compositions: form === "NFC" || form === "NFKC" ? new Compositions() : null,
  };
  return (next) => new UnicodeFormStage(next, tables);
}

interface Tables {
  /** The reference does not know that these characters have parts, or are marks. */
  tooNew: CodePointSet;
  parts: CodePointMap;
  order: CombiningOrder;
  /** Null for the forms that do not compose. */
  compositions: Compositions | null;
}

class UnicodeFormStage extends PassOn {
  readonly #tables: Tables;
  /** What the next characters may be composed with; -1 if there is nothing. */
  #starter = -1;
  readonly #marks: SortedMarks;
  readonly #putPart = (codePoint: number) => this.#put(codePoint);

  constructor(next: Stage, tables: Tables) {
    super(next);
    this.#tables = tables;
    this.#marks = new SortedMarks(tables.order);
  }

  put(codePoint: number): void {
    const { tooNew, parts } = this.#tables;
    if (codePoint < 0x80) this.#putStarter(codePoint);
    else if (tooNew.has(codePoint)) {
      this.#putAll();
      this.next.put(codePoint);
    } else if (isSyllable(codePoint)) {
      if (this.#tables.compositions === null) putJamo(codePoint, this.#putPart);
      else this.#putStarter(codePoint);
    } else {
      const place = parts.placeOf(codePoint);
      if (place < 0) this.#put(codePoint);
      else for (let index = 0; index < parts.lengthAt(place); index++) this.#put(parts.codePointAt(place, index));
    }
  }

  override end(): void {
    this.#putAll();
    this.next.end();
  }

  #put(codePoint: number): void {
    if (this.#tables.order.rank(codePoint) === 0) {
      this.#putStarter(codePoint);
      return;
    }
    this.#marks.add(codePoint);
    if (this.#marks.count > MAX_MARKS) {
      throw new TextError(`The text has more than ${MAX_MARKS} combining characters in a row.`);
    }
  }

  #putStarter(codePoint: number): void {
    const { compositions } = this.#tables;
    if (compositions === null) {
      if (this.#marks.count > 0) this.#putAll();
      this.next.put(codePoint);
      return;
    }
    if (this.#marks.count > 0) this.#compose(compositions);
    const made = this.#starter >= 0 && this.#marks.count === 0 ? compositions.of(this.#starter, codePoint) : -1;
    if (made >= 0) this.#starter = made;
    else {
      this.#putHeld();
      this.#starter = codePoint;
    }
  }

  #putAll(): void {
    if (this.#tables.compositions !== null && this.#marks.count > 0) this.#compose(this.#tables.compositions);
    this.#putHeld();
  }

  /** Composes the starter with the marks that no other of their class is before. The others stay. */
  #compose(compositions: Compositions): void {
    if (this.#starter < 0) return;
    const { order } = this.#tables;
    let kept = 0;
    let lastRank = 0;
    for (let index = 0; index < this.#marks.count; index++) {
      const mark = this.#marks.at(index);
      const rank = order.rank(mark);
      const made = rank === lastRank ? -1 : compositions.of(this.#starter, mark);
      if (made >= 0) this.#starter = made;
      else {
        this.#marks.set(kept++, mark);
        lastRank = rank;
      }
    }
    this.#marks.truncate(kept);
  }

  #putHeld(): void {
    if (this.#starter >= 0) this.next.put(this.#starter);
    this.#starter = -1;
    for (let index = 0; index < this.#marks.count; index++) this.next.put(this.#marks.at(index));
    this.#marks.truncate(0);
  }
}
