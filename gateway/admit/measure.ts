/** Tokenizes once and measures: what the edge could hold is known before deciding. */
import type { Caller } from "../authenticate/caller.ts";
import type { TextNumbers } from "../decide/facts.ts";
import type { Call, Edge, Tokenized } from "../world.ts";
import { stickyKeyOf } from "./sticky-key.ts";

declare const measured: unique symbol;

/** A text that was measured. Only `admit()` makes one. */
export interface MeasuredText {
  readonly [measured]: true;
  text: string;
  /** Null in an isolate that has no verified tokenizer yet: such a text goes to the origin. */
  tokenized: Tokenized | null;
  numbers: TextNumbers;
}

type Measuring = Pick<Edge, "warm" | "tokenize" | "predictedRunMs">;

/** `stickyBy` as the policy has it. */
export function measure(text: string, caller: Caller, stickyBy: string, edge: Measuring, call: Call): MeasuredText {
  edge.warm(call);
  const tokenized = edge.tokenize(text);
  const tokens = tokenized?.tokenIds.length ?? null;
  const numbers: TextNumbers = {
    tokens,
    stickyKey: stickyKeyOf(stickyBy, caller, text),
    edgeRunMs: tokens === null ? null : edge.predictedRunMs(tokens),
    location: caller.location,
  };
  return { text, tokenized, numbers } as MeasuredText;
}
