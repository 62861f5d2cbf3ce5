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

  it("sorts values into buckets whose upper bounds are inclusive", () => {
    const meter = new Meter();
    for (const tokens of [0, 8, 9, 16_384, 16_385]) meter.observe(INSTRUMENTS.tokens, tokens, {});
    const [metric] = take(meter).metrics;
    expect(metric).toMatchObject({
      histogram: {
        dataPoints: [
          {
            count: "5",
            sum: 32_786,
            min: 0,
            max: 16_385,
            bucketCounts: ["2", "1", "0", "0", "0", "0", "0", "0", "0", "0", "0", "1", "1"],
            explicitBounds: INSTRUMENTS.tokens.bounds,
          },
        ],
      },
    });
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
    const dataPoints = origins && "histogram" in origins ? origins.histogram.dataPoints : [];
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
