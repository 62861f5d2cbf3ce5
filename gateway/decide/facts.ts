/** Everything a decision is made from. Pure data: numbers, states and the policy, never the text. */
import type { Policy } from "../../policies/schema.ts";
import type { Location, Permitted } from "./residency.ts";

export interface TextNumbers {
  /** Null where no verified tokenizer was at hand (a cold isolate). */
  tokens: number | null;
  /** What the sticky split goes by: the caller's key, or the text itself for an anonymous caller. Never recorded. */
  stickyKey: string;
  /** How long its inference would take at the edge, in ms, waiting not included; null while no package is known. */
  edgeRunMs: number | null;
  location: Location;
}

export interface EdgeConditions {
  model: "ready" | "cold" | "rejected";
  /** Whether the breaker would let a call through. */
  breakerAllows: boolean;
  /** Most tokens that the package and this isolate's heap can take; null while no package is known. */
  maxTokens: number | null;
  /** How long a text would wait before its inference begins. */
  queueMs: number;
  /** 95 of 100 recent texts took no longer than this, waiting included; null while too few are known. */
  p95Ms: number | null;
}

export interface OriginConditions {
  name: string;
  /** Its part of the texts that go to an origin, beside the others' weights. */
  weight: number;
  breakerAllows: boolean;
  /** When an open breaker lets the next call through. */
  retryAtMs: number | null;
  /** 95 of 100 recent calls took no longer than this; null while too few are known. */
  p95Ms: number | null;
}

export interface Conditions {
  edge: EdgeConditions;
  /** At least one. */
  origins: readonly OriginConditions[];
}

/** What the rules look at. */
export interface Facts {
  text: TextNumbers;
  policy: Policy;
  edge: EdgeConditions;
  permitted: Permitted;
  /** The origin that would be called: permitted, and where possible with a breaker that allows it; null when none is permitted. */
  origin: OriginConditions | null;
}
