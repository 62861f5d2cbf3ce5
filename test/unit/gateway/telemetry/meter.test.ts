import { describe, expect, it } from "vitest";
import { type AttributeValue, keyValues } from "../../../../formats/otlp/attributes.ts";
import { INSTRUMENTS } from "../../../../gateway/telemetry/instruments.ts";
import { Meter } from "../../../../gateway/telemetry/meter.ts";

const TIMES = { startTimeUnixNano: "1000000000", timeUnixNano: "6000000000" };
const take = (meter: Meter) => meter.take(1_000, 6_000);
const requestsBy = (attributes: Record<string, AttributeValue>, asDouble: number) => ({
  attributes: keyValues(attributes),
  ...TIMES,
  asDouble,
});

describe("a meter", () => {
  it("adds up by attributes, and starts from zero after each export", () => {
    const meter = new Meter();
    const edge = { "spillway.route": "edge", "spillway.because": "within-share" };
    meter.add(INSTRUMENTS.requests, 1, edge);
    meter.add(INSTRUMENTS.requests, 2, { ...edge });
    meter.add(INSTRUMENTS.requests, 1, { "spillway.refusal": "malformed" });
    const { metrics, points } = take(meter);
    expect(points).toBe(2);
    expect(metrics).toMatchObject([
      {
        name: "spillway.requests",
        unit: "{request}",
        sum: {
          dataPoints: [requestsBy(edge, 3), requestsBy({ "spillway.refusal": "malformed" }, 1)],
          aggregationTemporality: 1,
          isMonotonic: true,
        },
      },
    ]);
    expect(meter.isEmpty).toBe(true);
    expect(take(meter)).toEqual({ metrics: [], points: 0 });
  });

  it("counts values in exponential buckets of scale 5, whose upper edges are inclusive, in the instrument's unit", () => {
    const meter = new Meter();
    for (const seconds of [0, 0.5, 0.5001, 0.51, 1]) meter.observe(INSTRUMENTS.edgeQueueDuration, seconds, {});
    const [metric] = take(meter).metrics;
    expect(metric).toMatchObject({
      unit: "s",
      exponentialHistogram: {
        aggregationTemporality: 1,
        dataPoints: [
          {
            ...TIMES,
            count: "5",
            sum: 2.5101,
            min: 0,
            max: 1,
            scale: 5,
            zeroCount: "1",
            zeroThreshold: 2 ** -14,
            // 2^(-33/32) to 2^(-32/32) holds 0.5; the next one the two above it; 2^(-1/32) to 2^0 holds 1.
            positive: { offset: -33, bucketCounts: ["1", "2", ...Array(30).fill("0"), "1"] },
          },
        ],
      },
    });
  });

  it.each([
    { value: -1, zeroCount: "1", offset: 0, bucketCounts: [] },
    { value: 2 ** -14, zeroCount: "1", offset: 0, bucketCounts: [] },
    { value: 2 ** -14 * 1.001, zeroCount: "0", offset: -448, bucketCounts: ["1"] },
    { value: 2 ** 16, zeroCount: "0", offset: 511, bucketCounts: ["1"] },
    { value: 1e9, zeroCount: "0", offset: 511, bucketCounts: ["1"] },
  ])("has at most 960 buckets: $value counts in the nearest", ({ value, zeroCount, offset, bucketCounts }) => {
    const meter = new Meter();
    meter.observe(INSTRUMENTS.shadowScoreDistance, value, {});
    expect(take(meter).metrics).toMatchObject([
      {
        exponentialHistogram: {
          dataPoints: [{ count: "1", zeroCount, max: value, positive: { offset, bucketCounts } }],
        },
      },
    ]);
  });

  it("keeps a gauge's last value", () => {
    const meter = new Meter();
    meter.set(INSTRUMENTS.policyVersion, 6, {});
    meter.set(INSTRUMENTS.policyVersion, 7, {});
    expect(take(meter).metrics).toMatchObject([{ gauge: { dataPoints: [requestsBy({}, 7)] } }]);
  });

  it("makes at most 100 series of one instrument: the rest is counted in one more", () => {
    const meter = new Meter();
    for (let origin = 0; origin < 1_000; origin++) {
      meter.observe(INSTRUMENTS.originDuration, 1, { "spillway.origin": `origin-${origin}`, "spillway.outcome": "ok" });
    }
    meter.add(INSTRUMENTS.edgeLoads, 1, { "spillway.edge.result": "ready" });
    const { metrics, points } = take(meter);
    expect(points).toBe(102);
    const [origins] = metrics;
    const dataPoints = origins && "exponentialHistogram" in origins ? origins.exponentialHistogram.dataPoints : [];
    expect(dataPoints.at(-1)).toMatchObject({ attributes: keyValues({ "otel.metric.overflow": true }), count: "900" });
  });

  it.each(["two\nlines", "Grüße", "x".repeat(201)])("drops an attribute that may be a text: %j", (model) => {
    const meter = new Meter();
    meter.set(INSTRUMENTS.modelInfo, 1, { "spillway.side": "origin", "spillway.model": model });
    expect(take(meter).metrics).toMatchObject([
      { gauge: { dataPoints: [{ attributes: keyValues({ "spillway.side": "origin" }) }] } },
    ]);
  });
});
