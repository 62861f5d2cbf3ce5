/** Pre-tokenizers that split at characters of a class. */
import type { MakeStage, Stage } from "../core/stage.ts";
import { isWhitespace } from "../unicode/classes.ts";
import { CodePointSet } from "../unicode/code-point-set.ts";
import { NUMERIC, PUNCTUATION, WORD } from "../unicode/tables.ts";

export const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type Behavior = (typeof BEHAVIORS)[number];

type IsInClass = (codePoint: number) => boolean;

/** @param behavior what becomes of a character of the class */
export function splitAt(isInClass: IsInClass, behavior: Behavior): MakeStage {
  switch (behavior) {
    case "Removed":
      return splitter((codePoint, next) => (isInClass(codePoint) ? next.end() : next.put(codePoint)));
    case "Isolated":
      return splitter((codePoint, next) => {
        const isAlone = isInClass(codePoint);
        if (isAlone) next.end();
        next.put(codePoint);
        if (isAlone) next.end();
      });
    case "MergedWithPrevious":
      return splitter((codePoint, next) => {
        next.put(codePoint);
        if (isInClass(codePoint)) next.end();
      });
    case "MergedWithNext":
      return splitter((codePoint, next) => {
        if (isInClass(codePoint)) next.end();
        next.put(codePoint);
      });
    case "Contiguous":
      return runsOf((codePoint) => (isInClass(codePoint) ? 1 : 2));
  }
}

export const whitespaceSplit = (): MakeStage => splitAt(isWhitespace, "Removed");

export function punctuation(behavior: Behavior): MakeStage {
  const marks = new CodePointSet(PUNCTUATION);
  return splitAt((codePoint) => marks.has(codePoint), behavior);
}

export function digits(individual: boolean): MakeStage {
  const numeric = new CodePointSet(NUMERIC);
  return splitAt((codePoint) => numeric.has(codePoint), individual ? "Isolated" : "Contiguous");
}

/** `\w+|[^\w\s]+`. */
export function whitespace(): MakeStage {
  const word = new CodePointSet(WORD);
  return runsOf((codePoint) => (isWhitespace(codePoint) ? 0 : word.has(codePoint) ? 1 : 2));
}

/** Splits at whitespace, and isolates marks of punctuation. */
export function bertPreTokenizer(): MakeStage {
  const marks = new CodePointSet(PUNCTUATION);
  return splitter((codePoint, next) => {
    if (codePoint === 0x20 || isWhitespace(codePoint)) next.end();
    else if (marks.has(codePoint)) {
      next.end();
      next.put(codePoint);
      next.end();
    } else next.put(codePoint);
  });
}

function splitter(put: (codePoint: number, next: Stage) => void): MakeStage {
  return (next) => ({
    put: (codePoint) => put(codePoint, next),
    end: () => next.end(),
    token: (id) => next.token(id),
  });
}

/** Splits where the class changes. @param classOf 0 for characters that are removed */
function runsOf(classOf: (codePoint: number) => number): MakeStage {
  return (next) => {
    let current = 0;
    return {
      put(codePoint) {
        const found = classOf(codePoint);
        if (found !== current) next.end();
        current = found;
        if (found !== 0) next.put(codePoint);
      },
      end() {
        current = 0;
        next.end();
      },
      token: (id) => next.token(id),
    };
  };
}
