/** Tokenizes a text once and measures it: what the edge could hold is known before deciding. */
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import type { Caller } from "../authenticate/caller.ts";
import type { Lifetime } from "../call.ts";
import type { TextNumbers } from "../decide/facts.ts";
import { bytesToCut } from "../origin/text-time.ts";
import { ok, pairsNotAccepted, type Result, refuse } from "../refusal.ts";
import type { Edge, Tokenized } from "../sides.ts";
import { inLeafSpan, recordFailure } from "../telemetry/span.ts";
import { stickyKeyOf } from "./sticky-key.ts";

declare const measured: unique symbol;

/** A text that was measured. Only `measure()` makes one. */
export interface MeasuredText {
  readonly [measured]: true;
  text: TextOrPair;
  /** Null in an isolate that has no verified tokenizer yet: such a text goes to the origin. */
  tokenized: Tokenized | null;
  numbers: TextNumbers;
}

export interface MeasureOptions {
  caller: Caller;
  /** As in the policy. */
  stickyBy: string;
  requestId: string;
  lifetime: Lifetime;
}

/**
 * Also starts to load the edge's model if there is none. A short text is measured without letting other requests run. A pair is refused
 * if the model has no form for it; in an isolate without a tokenizer, the origin decides that.
 */
export function measure(
  text: TextOrPair,
  edge: Pick<Edge, "warm" | "tokenize" | "acceptsPairs" | "predictedRunMs">,
  { caller, stickyBy, requestId, lifetime }: MeasureOptions,
): Promise<Result<MeasuredText>> {
  return inLeafSpan("admit", {}, async (span) => {
    edge.warm(lifetime);
    if (typeof text !== "string" && edge.acceptsPairs() === false) return refuse(pairsNotAccepted);
    const tokenized = await edge.tokenize(text, lifetime);
    const tokens = tokenized?.tokens ?? null;
    if (tokenized?.fault !== undefined) recordFailure(span, tokenized.fault);
    else if (tokens !== null) span.setAttribute("spillway.tokens", tokens);
    const numbers: TextNumbers = {
      tokens,
      bytes: bytesToCut(text),
      stickyKey: stickyKeyOf(stickyBy, caller, text, requestId),
      edgeRunMs: tokens === null ? null : edge.predictedRunMs(tokens),
      location: caller.location,
    };
    return ok({ text, tokenized, numbers } as MeasuredText);
  });
}
