/** Pure. What a shard knows of each isolate's sequence of messages, so that what was lost on the way is counted as missing. */
import type { VarintReader, VarintWriter } from "../../formats/ledger/varints.ts";

/** Numbers of messages that have not arrived. Of more, the oldest are forgotten: if one arrives after all, it is ignored. */
const MAX_GAPS = 20;

export interface Sequence {
  /** The highest number of a message that arrived. */
  seq: number;
  /** Records in the messages that arrived. */
  received: number;
  /** Records counted as missing, less those that arrived late. */
  missing: number;
  gaps: readonly number[];
  seenMs: number;
}

export interface Arrival {
  seq: number;
  /** As in `LedgerDelta`. */
  recordsBefore: number;
  /** Records in this message. */
  records: number;
}

/**
 * @param known null for the first message of an isolate
 * @returns what is known after the message, and how many records are missing now that were not before: negative for a late message, whose
 * records were counted as missing. Null for a message that has arrived before.
 */
export function receive(
  known: Sequence | null,
  { seq, recordsBefore, records }: Arrival,
  nowMs: number,
): { sequence: Sequence; missing: number } | null {
  const before: Sequence = known ?? { seq: 0, received: 0, missing: 0, gaps: [], seenMs: nowMs };
  if (seq <= before.seq) {
    if (!before.gaps.includes(seq)) return null;
    const sequence = {
      ...before,
      received: before.received + records,
      missing: before.missing - records,
      gaps: before.gaps.filter((gap) => gap !== seq),
      seenMs: nowMs,
    };
    return { sequence, missing: records === 0 ? 0 : -records };
  }
  const missing = Math.max(0, recordsBefore - before.received - before.missing);
  const firstGap = Math.max(before.seq + 1, seq - MAX_GAPS);
  const gaps = Array.from({ length: seq - firstGap }, (_, index) => firstGap + index);
  return {
    sequence: {
      seq,
      received: before.received + records,
      missing: before.missing + missing,
      gaps: [...before.gaps, ...gaps].slice(-MAX_GAPS),
      seenMs: nowMs,
    },
    missing,
  };
}

export function writeSequence(writer: VarintWriter, { seq, received, missing, gaps, seenMs }: Sequence): void {
  writer.number(seq);
  writer.number(received);
  writer.signed(missing);
  writer.number(gaps.length);
  for (const gap of gaps) writer.number(gap);
  writer.number(seenMs);
}

/** @throws LedgerFormatError for bytes that are not a sequence */
export function readSequence(reader: VarintReader): Sequence {
  const [seq, received, missing] = [reader.number(), reader.number(), reader.signed()];
  const gaps: number[] = [];
  for (let left = reader.number(); left > 0; left--) gaps.push(reader.number());
  return { seq, received, missing, gaps, seenMs: reader.number() };
}
