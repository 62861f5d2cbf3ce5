/** Counts by the minute (UTC) in which they arrived, as a shard collects and sends them. Pure. */
import { Cells, MAX_SERIES } from "../formats/ledger/cells.ts";
import { decodeCells, encodeCells } from "../formats/ledger/codec.ts";
import { VarintReader, VarintWriter } from "../formats/ledger/varints.ts";
import { HOUR_MS, MINUTE_MS, startOf } from "./widths.ts";

export class Minutes {
  readonly #byStart = new Map<number, Cells>();

  get isEmpty(): boolean {
    return this.#byStart.size === 0;
  }

  /** The counts of the minute that holds this time. At most `MAX_SERIES` series are counted separately. */
  at(atMs: number): Cells {
    return this.#cellsOf(startOf(atMs, MINUTE_MS));
  }

  /** Adds the counts of later minutes. Those of an hour that has counts already are added to its last minute. */
  mergeByHour(later: Minutes): void {
    for (const [startMs, cells] of later) {
      const known = [...this.#byStart.keys()].findLast((one) => startOf(one, HOUR_MS) === startOf(startMs, HOUR_MS));
      this.#cellsOf(known ?? startMs).merge(cells);
    }
  }

  [Symbol.iterator](): IterableIterator<[startMs: number, cells: Cells]> {
    return this.#byStart.entries();
  }

  #cellsOf(startMs: number): Cells {
    const known = this.#byStart.get(startMs);
    if (known !== undefined) return known;
    const cells = new Cells(MAX_SERIES);
    this.#byStart.set(startMs, cells);
    return cells;
  }
}

/** The minutes as bytes. */
export function encodeMinutes(minutes: Minutes): Uint8Array<ArrayBuffer> {
  const writer = new VarintWriter();
  for (const [startMs, cells] of minutes) {
    writer.number(startMs / MINUTE_MS);
    writer.block(encodeCells(cells));
  }
  return writer.bytes();
}

/** @throws LedgerFormatError for bytes that are not minutes */
export function decodeMinutes(bytes: Uint8Array): Minutes {
  const reader = new VarintReader(bytes);
  const minutes = new Minutes();
  while (!reader.isAtEnd) minutes.at(reader.number() * MINUTE_MS).merge(decodeCells(reader.block()));
  return minutes;
}
