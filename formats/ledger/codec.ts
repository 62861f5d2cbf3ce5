/**
 * Cells as bytes, for messages and for storage: a version, the distinct field values, then each cell with its fields as indices into
 * them. A histogram is a list of gaps between bucket indices and counts.
 */
import { Cell, Cells } from "./cells.ts";
import { Histogram, MAX_BUCKETS, MAX_INDEX, MIN_INDEX } from "./histogram.ts";
import { isField, isKind, SERIES_FIELDS, type Series } from "./series.ts";
import { LedgerFormatError, VarintReader, VarintWriter } from "./varints.ts";

const VERSION = 1;

/** The cells as bytes. */
export function encodeCells(cells: Iterable<{ series: Series; cell: Cell }>): Uint8Array<ArrayBuffer> {
  const values = new Map<string, number>();
  const body = new VarintWriter();
  let count = 0;
  for (const { series, cell } of cells) {
    count++;
    for (const field of SERIES_FIELDS) {
      const index = values.get(series[field]) ?? values.size;
      values.set(series[field], index);
      body.number(index);
    }
    body.signed(cell.n);
    body.signed(cell.sum);
    body.number(cell.min === null ? 0 : cell.min + 1);
    body.number(cell.max === null ? 0 : cell.max + 1);
    body.block(cell.histogram === null ? new Uint8Array() : encodeHistogram(cell.histogram));
  }
  const message = new VarintWriter();
  message.number(VERSION);
  message.number(values.size);
  for (const value of values.keys()) message.text(value);
  message.number(count);
  message.block(body.bytes());
  return message.bytes();
}

/**
 * @param maxSeries as for `Cells`
 * @throws LedgerFormatError for bytes of another version, or that are not cells
 */
export function decodeCells(bytes: Uint8Array, maxSeries?: number): Cells {
  const message = new VarintReader(bytes);
  const version = message.number();
  if (version !== VERSION)
    throw new LedgerFormatError(`its version is ${version}; this program reads version ${VERSION}`);
  const values: string[] = [];
  for (let left = message.number(); left > 0; left--) {
    const value = message.text();
    if (!isField(value)) throw new LedgerFormatError("a field has a value that is not plain text");
    values.push(value);
  }
  let left = message.number();
  const body = new VarintReader(message.block());
  const cells = new Cells(maxSeries);
  for (; left > 0; left--) cells.add(decodeSeries(body, values), decodeCell(body));
  if (!body.isAtEnd || !message.isAtEnd) throw new LedgerFormatError("bytes follow its last cell");
  return cells;
}

function decodeSeries(body: VarintReader, values: readonly string[]): Series {
  const next = () => {
    const value = values[body.number()];
    if (value === undefined) throw new LedgerFormatError("a field has no value");
    return value;
  };
  const kind = next();
  if (!isKind(kind)) throw new LedgerFormatError("a cell has an unknown kind");
  const [arm, side, origin, because, outcome] = [next(), next(), next(), next(), next()];
  const [policy, model, country, worker] = [next(), next(), next(), next()];
  return { kind, arm, side, origin, because, outcome, policy, model, country, worker };
}

function decodeCell(body: VarintReader): Cell {
  const cell = new Cell();
  cell.n = body.signed();
  cell.sum = body.signed();
  const [min, max] = [body.number(), body.number()];
  cell.min = min === 0 ? null : min - 1;
  cell.max = max === 0 ? null : max - 1;
  const histogram = body.block();
  if (histogram.byteLength > 0) cell.histogram = decodeHistogram(histogram);
  return cell;
}

/** A histogram as bytes; empty for an empty one. */
export function encodeHistogram(histogram: Histogram): Uint8Array<ArrayBuffer> {
  const writer = new VarintWriter();
  let before = MIN_INDEX;
  for (const [index, count] of histogram.entries()) {
    writer.number(index - before);
    writer.number(count);
    before = index;
  }
  return writer.bytes();
}

/** @throws LedgerFormatError for bytes that are not a histogram */
export function decodeHistogram(bytes: Uint8Array): Histogram {
  const reader = new VarintReader(bytes);
  const histogram = new Histogram();
  let index = MIN_INDEX;
  for (let buckets = 0; !reader.isAtEnd; buckets++) {
    const gap = reader.number();
    index += gap;
    if (index > MAX_INDEX || (gap === 0 && buckets > 0) || buckets >= MAX_BUCKETS) {
      throw new LedgerFormatError("a histogram has a bucket that does not exist, or has it twice");
    }
    histogram.add(index, reader.number());
  }
  return histogram;
}
