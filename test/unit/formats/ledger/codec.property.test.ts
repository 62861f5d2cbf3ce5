/** Cells survive their encoding, and no bytes make the decoder hang or throw anything but a LedgerFormatError. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { decodeCells, decodeHistogram, encodeCells, encodeHistogram } from "../../../../formats/ledger/codec.ts";
import { parseDelta } from "../../../../formats/ledger/delta.ts";
import { Histogram, MAX_INDEX, MIN_INDEX } from "../../../../formats/ledger/histogram.ts";
import { KINDS, seriesOf } from "../../../../formats/ledger/series.ts";
import { LedgerFormatError } from "../../../../formats/ledger/varints.ts";

const plain = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 200,
});
const count = fc.record({
  kind: fc.constantFrom(...KINDS),
  model: plain,
  country: plain,
  n: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  sum: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  durations: fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 10 }),
});

function cellsOf(counts: readonly (typeof count extends fc.Arbitrary<infer T> ? T : never)[]): Cells {
  const cells = new Cells();
  for (const { kind, model, country, n, sum, durations } of counts) {
    const series = seriesOf(kind, { model, country });
    for (const ms of durations) cells.observe(series, ms);
    cells.count(series, n, sum);
  }
  return cells;
}

it("decoding what was encoded gives the same cells", () => {
  fc.assert(
    fc.property(fc.array(count, { maxLength: 12 }), (counts) => {
      const cells = cellsOf(counts);
      const decoded = decodeCells(encodeCells(cells));
      expect(
        [...decoded].map(({ series, cell }) => [series, { ...cell, histogram: cell.histogram?.entries() }]),
      ).toEqual([...cells].map(({ series, cell }) => [series, { ...cell, histogram: cell.histogram?.entries() }]));
    }),
  );
});

it("a histogram survives its encoding", () => {
  const bucket = fc.tuple(fc.integer({ min: MIN_INDEX, max: MAX_INDEX }), fc.integer({ min: 1, max: 2 ** 50 }));
  fc.assert(
    fc.property(fc.uniqueArray(bucket, { selector: ([index]) => index, maxLength: 700 }), (buckets) => {
      const histogram = new Histogram();
      for (const [index, n] of buckets) histogram.add(index, n);
      expect(decodeHistogram(encodeHistogram(histogram)).entries()).toEqual(histogram.entries());
    }),
  );
});

/** @returns null for a value that is accepted */
function refusal(read: () => unknown): unknown {
  try {
    read();
    return null;
  } catch (error) {
    return error;
  }
}

it("hostile bytes are refused with a LedgerFormatError, or are cells", () => {
  const hostile = fc.uint8Array({ maxLength: 300 });
  const flipped = fc
    .tuple(
      fc.array(count, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
    )
    .map(([counts, flips, cut]) => {
      const bytes = encodeCells(cellsOf(counts));
      for (const [at, value] of flips) bytes[at % bytes.byteLength] = value;
      return bytes.subarray(0, cut % 3 === 0 ? cut % bytes.byteLength : undefined);
    });
  fc.assert(
    fc.property(fc.oneof(hostile, flipped), (bytes) => {
      for (const read of [() => decodeCells(bytes), () => decodeHistogram(bytes)]) {
        const error = refusal(read);
        if (error !== null) expect(error).toBeInstanceOf(LedgerFormatError);
      }
    }),
    { numRuns: 2000 },
  );
});

it("a value that is no message is refused with a LedgerFormatError", () => {
  const field = fc.oneof(fc.anything(), fc.constantFrom("", "edge", 0, 1, new Uint8Array()));
  const fields = { isolate: field, seq: field, recordsBefore: field, status: field, cells: field };
  const message = fc.record({ ...fields, keysUsed: fc.oneof(field, fc.array(field)) });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), message), (value) => {
      const error = refusal(() => parseDelta(value));
      if (error !== null) expect(error).toBeInstanceOf(LedgerFormatError);
    }),
  );
});
