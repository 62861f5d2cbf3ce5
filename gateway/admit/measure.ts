/** Tokenizes once and measures: what the edge could hold is known before deciding. */
import type { Caller } from "../authenticate/caller.ts";
import type { TextNumbers } from "../decide/facts.ts";
import type { Call, Edge, Tokenized } from "../world.ts";
import { stickyKeyOf } from "./sticky-key.ts";

declare const admitted: unique symbol;

/** A text that was measured. Only `admit()` makes one. */
export interface Admitted {
  readonly [admitted]: true;
  text: string;
  /** Null in an isolate that has no verified tokenizer yet: such a text goes to the origin. */
  tokenized: Tokenized | null;
  numbers: TextNumbers;
}

type Measuring = Pick<Edge, "warm" | "tokenize" | "predictedRunMs">;

/** `stickyBy` as the policy has it. */
export function admit(text: string, caller: Caller, stickyBy: string, edge: Measuring, call: Call): Admitted {
  edge.warm(call);
  const tokenized = edge.tokenize(text);
  const tokens = tokenized?.tokenIds.length ?? null;
  const numbers: TextNumbers = {
    tokens,
    stickyKey: stickyKeyOf(stickyBy, caller, text),
    edgeRunMs: tokens === null ? null : edge.predictedRunMs(tokens),
    place: caller.place,
  };
  return { text, tokenized, numbers } as Admitted;
}
