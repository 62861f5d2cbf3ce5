/** A mix of requests as a day has them, the same in every run: most are short texts, some are lists, long, keyed or malformed. Pure. */
import { MAX_EDGE_TOKENS } from "../faults/known-texts.ts";
import type { MakeText } from "../texts.ts";

export interface MixedRequest {
  body: string;
  /** Whether it is sent with an API key; the others are anonymous. */
  isKeyed: boolean;
  /** The status of a system without faults. */
  status: 200 | 400 | 422;
}

const SHORT_TOKENS = [8, 10, 12, 16, 20, 24, 32] as const;
const LIST_TOKENS = [8, 12, 16] as const;
const LONG_TOKENS = MAX_EDGE_TOKENS + 32;
/** Requests differ by their text; more texts would only fill this process's memory. */
const DIFFERENT = 1000;
/** Of so many requests, each other kind has one. */
const ROUND = 25;

/** @returns the requests, which are sent again and again in this order */
export function mixedRequests(make: MakeText): MixedRequest[] {
  return Array.from({ length: DIFFERENT }, (_, index) => mixedRequest(index, make));
}

function mixedRequest(index: number, make: MakeText): MixedRequest {
  const request = (body: object): MixedRequest => ({ body: JSON.stringify(body), isKeyed: false, status: 200 });
  const short = () => make(SHORT_TOKENS[index % SHORT_TOKENS.length] ?? SHORT_TOKENS[0], index);
  switch (index % ROUND) {
    case 4:
      return request({ inputs: LIST_TOKENS.map((tokens) => make(tokens, index)) });
    case 9:
      return request({ inputs: make(LONG_TOKENS, index) });
    case 12:
      return request({ inputs: make(MAX_EDGE_TOKENS - 8, index) });
    case 14:
      return { ...request({ inputs: short() }), isKeyed: true };
    case 17:
      return request({ inputs: short(), parameters: { top_k: 1, function_to_apply: "sigmoid" } });
    case 19:
      return { body: `{"inputs": "never closed ${index}`, isKeyed: false, status: 400 };
    case 23:
      return { ...request({ inputs: short(), parameters: { top_k: 0 } }), status: 422 };
    default:
      return request({ inputs: short() });
  }
}
