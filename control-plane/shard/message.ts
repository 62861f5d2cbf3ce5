/** Pure. A gateway's message, read: its counts and how many records they are. */
import type { Cells } from "../../formats/ledger/cells.ts";
import { decodeCells } from "../../formats/ledger/codec.ts";
import { type IsolateStatus, parseDelta } from "../../formats/ledger/delta.ts";
import { LedgerFormatError } from "../../formats/ledger/varints.ts";

/** Far more than an isolate can count between two messages. Sums of many messages stay whole numbers below 2^52. */
const MAX_COUNT = 2 ** 40;

export interface Message {
  isolate: string;
  seq: number;
  recordsBefore: number;
  /** Texts and requests in this message. */
  records: number;
  status: IsolateStatus;
  cells: Cells;
  /** As in `LedgerDelta`. */
  keysUsed: readonly string[];
}

/** @throws LedgerFormatError for a value that is no message of this version, or counts more than an isolate can */
export function readMessage(value: unknown): Message {
  const { cells: bytes, ...delta } = parseDelta(value);
  mustBeUpTo(MAX_COUNT, delta.seq, "seq");
  mustBeUpTo(MAX_COUNT, delta.recordsBefore, "recordsBefore");
  if (delta.seq === 0) throw new LedgerFormatError("`seq` is 0; the first message of an isolate has 1");
  const cells = decodeCells(bytes);
  let records = 0;
  for (const { series, cell } of cells) {
    mustBeUpTo(MAX_COUNT, Math.abs(cell.n), "n");
    mustBeUpTo(MAX_COUNT, Math.abs(cell.sum), "sum");
    mustBeUpTo(MAX_COUNT, cell.histogram?.n ?? 0, "n");
    if (series.kind === "text" || series.kind === "request") records += cell.n;
  }
  if (records < 0) throw new LedgerFormatError("it counts less than no records");
  return { ...delta, records, cells };
}

function mustBeUpTo(max: number, value: number, name: string): void {
  if (value > max) throw new LedgerFormatError(`\`${name}\` is ${value}; at most ${max} is accepted`);
}
