/** Metaspace: makes spaces a visible character, puts one in front, and splits before each. */
import type { MakeStage } from "../core/stage.ts";

const SPACE = 0x20;

export interface MetaspaceOptions {
  /** A code point, ▁ in SentencePiece. */
  replacement: number;
  prepend: "always" | "first" | "never";
  split: boolean;
}

export function metaspace({ replacement, prepend, split }: MetaspaceOptions): MakeStage {
  return (next) => {
    let isStart = true;
    let isFirst = true;
    return {
      put(codePoint) {
        const shown = codePoint === SPACE ? replacement : codePoint;
        const isPrepended =
          isStart && shown !== replacement && (prepend === "always" || (prepend === "first" && isFirst));
        isStart = false;
        isFirst = false;
        if (isPrepended) next.put(replacement);
        if (shown === replacement && split) next.end();
        next.put(shown);
      },
      end() {
        isStart = true;
        next.end();
      },
      token(id) {
        isFirst = false;
        next.token(id);
      },
    };
  };
}
