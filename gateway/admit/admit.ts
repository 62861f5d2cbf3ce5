/** Tokenizes once and measures: what the edge could hold is known before deciding. */
import type { Caller } from "../authenticate/authenticate.ts";
import type { TextNumbers } from "../decide/decide.ts";
import type { Call, Edge, Tokenized } from "../world.ts";

declare const admitted: unique symbol;

/** A text that was measured. Only `admit()` makes one. */
export interface Admitted {
  readonly [admitted]: true;
  text: string;
  /** Null in an isolate that has no verified tokenizer yet: such a text goes to the origin. */
  tokenized: Tokenized | null;
  numbers: TextNumbers;
}

export function admit(text: string, caller: Caller, edge: Edge, call: Call): Admitted {
  edge.warm(call);
  const tokenized = edge.tokenize(text);
  const numbers = { tokens: tokenized?.tokenIds.length ?? null, stickyKey: caller.stickyKey ?? text };
  return { text, tokenized, numbers } as Admitted;
}
