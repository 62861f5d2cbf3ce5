/** Pure. Requests as a day brings them: mostly short texts, some lists, some long texts, some nonsense. The same at every run. */
import type { MakeText } from "../texts.ts";

const SHORT_TOKENS = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192] as const;
const LIST_TOKENS = [8, 16, 32, 64] as const;
/** More than any edge takes: the origin answers. */
const LONG_TOKENS = 700;
const MALFORMED = '{"inputs": "never closed';

/** The body of the request with this index; of twenty, two are lists, two are long and one is malformed. */
export function mixedBody(index: number, edgeMaxTokens: number, makeText: MakeText): string {
  switch (index % 20) {
    case 4:
    case 14:
      return JSON.stringify({ inputs: LIST_TOKENS.map((tokens) => makeText(tokens, index)) });
    case 7:
    case 17:
      return JSON.stringify({ inputs: makeText(LONG_TOKENS, index) });
    case 10:
      return MALFORMED;
    case 19:
      return JSON.stringify({ inputs: makeText(edgeMaxTokens, index) });
    default: {
      const tokens = SHORT_TOKENS[(index * 7) % SHORT_TOKENS.length] ?? SHORT_TOKENS[0];
      return JSON.stringify({ inputs: makeText(Math.min(tokens, edgeMaxTokens), index) });
    }
  }
}
