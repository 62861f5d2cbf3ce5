/** What the control plane answers to `GET /v1/ledger`: the counts of a time range, for the report and the console. JSON. */
import type { IsolateStatus } from "./delta.ts";

export interface LedgerAnswer {
  /** Inclusive, in ms since 1970: the start of the minute, hour or day that holds the requested time. */
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  /** The start of the first minute that was ever counted; null for an empty ledger. */
  firstMs: number | null;
  /** Encoded cells of the whole range, in base64. */
  cells: string;
  /** The same by day (UTC), for each day with counts, in ascending order. */
  days: { startMs: number; cells: string }[];
  /** The isolates that sent counts within the last minutes. */
  isolates: IsolateRow[];
}

/** What the control plane answers to `GET /v1/key-uses`: by the hour, when API keys were last used. JSON. */
export interface KeyUses {
  /** A key that is not listed was not used from this time on, in ms since 1970; null while no use was ever counted. */
  sinceMs: number | null;
  /** `hourMs` is the start of the hour (UTC) of the last use, as the control plane's clock has it. */
  keys: { id: string; hourMs: number }[];
}

export interface IsolateRow extends IsolateStatus {
  isolate: string;
  /** The location hint of its shard. */
  shard: string;
  seenMs: number;
}
