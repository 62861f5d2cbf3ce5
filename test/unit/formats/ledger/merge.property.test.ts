/** Counts merge in any order and any grouping to the same bytes, and quantiles are those of the durations. */
import { DDSketch } from "@datadog/sketches-js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { decodeCells, encodeCells } from "../../../../formats/ledger/codec.ts";
import { Histogram } from "../../../../formats/ledger/histogram.ts";
import { KINDS, keyOf, seriesOf } from "../../../../formats/ledger/series.ts";

const series = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    arm: fc.constantFrom("inside", "outside-a", "ineligible"),
    because: fc.constantFrom("within-share", "edge-cold", ""),
    policy: fc.constantFrom("1", "2"),
  })
  .map(({ kind, ...fields }) => seriesOf(kind, fields));
/** Also shorter and longer than the buckets. */
const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
const observed = fc.record({ series, ms: fc.option(ms, { nil: null }), quantity: fc.integer({ min: 0, max: 1e9 }) });
const cellsOf = (parts: readonly { series: ReturnType<typeof seriesOf>; ms: number | null; quantity: number }[]) => {
  const cells = new Cells();
  for (const part of parts) {
    if (part.ms === null) cells.count(part.series, 1, part.quantity);
    else cells.observe(part.series, part.ms);
  }
  return cells;
};

/** The bytes with series and values in one order: the order in a message depends on what arrived first. */
function canonical(cells: Cells): string {
  const sorted = [...cells].sort((a, b) => (keyOf(a.series) < keyOf(b.series) ? -1 : 1));
  return Buffer.from(encodeCells(sorted)).toString("hex");
}

it("merging in any order and any grouping gives the same bytes as counting in one place", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(observed, { maxLength: 20 }), { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (messages, random) => {
        const whole = canonical(cellsOf(messages.flat()));
        const parts = messages.map(cellsOf);
        while (parts.length > 1) {
          const take = () => parts.splice((random.next().value ?? 0) % parts.length, 1)[0] ?? new Cells();
          const [one, other] = [take(), take()];
          // Over the wire, as between an isolate, a shard and the root.
          one.merge(decodeCells(encodeCells(other)));
          parts.push(one);
        }
        expect(canonical(parts[0] ?? new Cells())).toBe(whole);
      },
    ),
  );
});

it("a bound on series loses no count, sum or duration", () => {
  fc.assert(
    fc.property(fc.array(observed, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (parts, maxSeries) => {
      const bounded = new Cells(maxSeries);
      bounded.merge(cellsOf(parts));
      const totals = (cells: Cells) => {
        const total = { n: 0, sum: 0, durations: 0 };
        for (const { cell } of cells) {
          total.n += cell.n;
          total.sum += cell.sum;
          total.durations += cell.histogram?.n ?? 0;
        }
        return total;
      };
      expect(totals(bounded)).toEqual(totals(cellsOf(parts)));
    }),
  );
});

it("quantiles agree with DDSketch within 2.2 %, and with the durations within 1.1 %", () => {
  const durations = fc.array(fc.double({ min: 0.2, max: 59_000, noNaN: true }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const histogram = new Histogram();
      const sketch = new DDSketch({ relativeAccuracy: 0.01 });
      for (const value of values) {
        histogram.observe(value);
        sketch.accept(value);
      }
      const rank = Math.max(1, Math.min(values.length, Math.ceil(q * values.length)));
      const ofRank = values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
      const quantile = histogram.quantileMs(q) ?? Number.NaN;
      expect(Math.abs(quantile / ofRank - 1)).toBeLessThan(0.011);
      // DDSketch's rank is q · (n - 1), rounded down: asked for the quantile of the same rank.
      const theirs = sketch.getValueAtQuantile(values.length === 1 ? 0 : (rank - 1) / (values.length - 1));
      expect(Math.abs(quantile / theirs - 1)).toBeLessThan(0.022);
    }),
  );
});
