/** What a decision is made from. Pure data: numbers, states and the policy, never the text. */
import type { Policy } from "../../policies/schema.ts";
import type { EdgeConditions, OriginConditions } from "../sides.ts";
import type { Location, Permitted } from "./residency.ts";

export interface TextNumbers {
  /** Null if the isolate had no verified tokenizer (a cold isolate). */
  tokens: number | null;
  /** That an origin may have to cut into windows, in UTF-8: 0 for a pair, which is never cut. */
  bytes: number;
  /** The sticky split's key: the caller's key, or the text itself for an anonymous caller. Never recorded. */
  stickyKey: string;
  /** How long its inference would take at the edge, in ms, without waiting; null while no package is known. */
  edgeRunMs: number | null;
  location: Location;
}

/** What the rules look at. */
export interface Facts {
  text: TextNumbers;
  policy: Policy;
  edge: EdgeConditions;
  permitted: Permitted;
  /** The origin that would be called, as it is for this text: permitted, and if possible one that accepts it; null if none is permitted. */
  origin: OriginConditions | null;
}
