/** What a record of an input is: a call, or why it is none. */

/** One call of the present system, or one text. Null where the input does not have it. */
export interface Call {
  /** When it arrived, ms since 1970. */
  atMs: number | null;
  /** How long the function ran, without INIT. */
  runMs: number | null;
  /** What the call before it waited for: INIT or the restore of a snapshot. Most are proactive, so it does not mean that a caller waited. */
  initMs: number | null;
  /** What AWS would bill today: INIT or the billed restore included, once. */
  billedMs: number | null;
  memoryMiB: number | null;
  /** Special tokens included. */
  tokens: number | null;
  /** It ended in an error or a timeout. */
  failed: boolean;
}

/** A call of which nothing is known. */
export const UNKNOWN_CALL: Call = {
  atMs: null,
  runMs: null,
  initMs: null,
  billedMs: null,
  memoryMiB: null,
  tokens: null,
  failed: false,
};

/** `init`: a report of an INIT only. `other`: a record that is no call, such as a function's own log. `why` never quotes a record. */
export type Parsed =
  | { kind: "call"; call: Call }
  | { kind: "init"; failed: boolean }
  | { kind: "other" }
  | { kind: "broken"; why: string };

export const OTHER: Parsed = { kind: "other" };

export function broken(why: string): Parsed {
  return { kind: "broken", why };
}

/** Receives each record with the number of its line, from 1. */
export type Receive = (line: number, parsed: Parsed) => void;

/** Text in pieces, as it is read. */
export type Chunks = AsyncIterable<string>;

/** One kind of input. */
export interface Format {
  name: string;
  /** What it is, for the message that nothing matched. */
  about: string;
  /** @param sample the first 64 KiB, or the whole input */
  matches(sample: string): boolean;
  read(chunks: Chunks, receive: Receive, count: CountTokens): Promise<void>;
}

/** The tokens of a text or a pair by the package's tokenizer, special tokens included. */
export type CountTokens = (text: string, textPair: string | null) => number;

/** A time as numbers or text; null if it is none. Without a zone it is UTC. @param value seconds or ms since 1970, or ISO 8601 */
export function timeOf(value: unknown): number | null {
  if (typeof value === "number") return value > 1e11 ? value : value > 1e8 ? value * 1000 : null;
  if (typeof value !== "string") return null;
  if (/^\d{9,13}(\.\d+)?$/.test(value)) return timeOf(Number(value));
  const [, date, time = "00:00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?$/.exec(value.trim()) ?? [];
  const ms = Date.parse(`${date}T${time}${zone}`);
  return Number.isFinite(ms) ? ms : null;
}
