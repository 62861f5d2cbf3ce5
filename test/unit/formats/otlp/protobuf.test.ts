/** Against the decoder that OpenTelemetry's own JavaScript SDK was generated with from the official definitions. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyValues } from "../../../../formats/otlp/attributes.ts";
import {
  DELTA,
  logsRequest,
  metricsRequest,
  type Requests,
  type Signal,
  tracesRequest,
} from "../../../../formats/otlp/messages.ts";
import { encodeProtobuf } from "../../../../formats/otlp/protobuf.ts";
import { decodeOtlp } from "../../../support/otlp-decoder.ts";

/** Fields that came into the definitions after that decoder: seen as bytes below. */
const SPAN_FLAGS = 0x301;
const EVENT_NAME = "spillway.request";

/** What JSON makes of a request, less what the bytes cannot tell (an empty list) and the decoder does not know. */
const plain = (request: unknown) =>
  JSON.parse(JSON.stringify(request), (_, value) =>
    value === SPAN_FLAGS || value === EVENT_NAME || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );

const resource = keyValues({ "service.name": "spillway-gateway", "faas.max_memory": 3_154_116_608 });
const at = { startTimeUnixNano: "1795000000123456789", timeUnixNano: "1795000000223456789" };
const attributes = keyValues({
  text: "naïve ⇄",
  empty: "",
  yes: true,
  no: false,
  zero: 0,
  large: Number.MAX_SAFE_INTEGER,
  negative: -5,
  half: -0.5,
  list: ["a", 1, true],
  gone: undefined,
  nan: Number.NaN,
});

const requests: { [S in Signal]: Requests[S] } = {
  traces: tracesRequest(resource, [
    {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      parentSpanId: "00f067aa0ba902b7",
      traceState: "vendor=abc",
      flags: SPAN_FLAGS,
      name: "POST /v1/classify",
      kind: 2,
      startTimeUnixNano: at.startTimeUnixNano,
      endTimeUnixNano: at.timeUnixNano,
      attributes,
      events: [{ timeUnixNano: at.timeUnixNano, name: "cold", attributes }],
      links: [{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", attributes }],
      status: { code: 2 },
    },
    {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203332",
      parentSpanId: undefined,
      name: "bare",
      kind: 1,
      startTimeUnixNano: "0",
      endTimeUnixNano: "18446744073709551615",
      attributes: [],
      status: { code: 0 },
    },
  ]),
  logs: logsRequest(resource, [
    {
      timeUnixNano: at.timeUnixNano,
      observedTimeUnixNano: at.timeUnixNano,
      severityNumber: 17,
      severityText: "ERROR",
      eventName: EVENT_NAME,
      body: { stringValue: "refused" },
      attributes,
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      flags: 1,
    },
  ]),
  metrics: metricsRequest(resource, [
    {
      name: "spillway.requests",
      description: "Requests",
      unit: "{request}",
      sum: { dataPoints: [{ ...at, attributes, asDouble: 7 }], aggregationTemporality: DELTA, isMonotonic: true },
    },
    { name: "depth", description: "", unit: "{text}", gauge: { dataPoints: [{ ...at, attributes: [], asDouble: 0 }] } },
    {
      name: "duration",
      description: "Time",
      unit: "s",
      exponentialHistogram: {
        dataPoints: [
          {
            ...at,
            attributes,
            count: "3000000004",
            sum: 1.25,
            min: 0,
            max: 1,
            scale: 5,
            zeroCount: "1",
            zeroThreshold: 0.0001,
            positive: { offset: -107, bucketCounts: ["0", "3", "300", "2999999700"] },
          },
          {
            ...at,
            attributes: [],
            count: "1",
            sum: 60_000,
            min: 60_000,
            max: 60_000,
            scale: -4,
            zeroCount: "0",
            zeroThreshold: 0,
            positive: { offset: 507, bucketCounts: ["1"] },
          },
        ],
        aggregationTemporality: DELTA,
      },
    },
  ]),
};

describe("a request as protobuf", () => {
  it.each(["traces", "logs", "metrics"] as const)("%s decode to what the JSON has, field by field", (signal) => {
    expect(decodeOtlp(signal, "application/x-protobuf", Buffer.from(encodeProtobuf(signal, requests[signal])))).toEqual(
      plain(requests[signal]),
    );
  });

  it("has a span's flags as field 16, four bytes, and a log's event name as field 12", () => {
    const hex = (signal: "traces" | "logs") => Buffer.from(encodeProtobuf(signal, requests[signal])).toString("hex");
    expect(hex("traces")).toContain("850101030000");
    expect(hex("logs")).toContain(`6210${Buffer.from(EVENT_NAME).toString("hex")}`);
  });

  it("grows past its first 4,096 bytes in a value of any kind", () => {
    const { scopeMetrics } = requests.metrics.resourceMetrics[0] ?? { scopeMetrics: [] };
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
    // The last bytes are written first. Their number decides in which value the buffer is full.
    for (let padding = 3_500; padding <= 4_100; padding++) {
      const last = { name: "x".repeat(padding), description: "", unit: "", gauge: { dataPoints: [] } };
      const request = metricsRequest(resource, [...metrics, { ...last, description: "naïve" }, last]);
      const decoded = decodeOtlp("metrics", "application/x-protobuf", Buffer.from(encodeProtobuf("metrics", request)));
      // Vitest's comparison takes several times as long, for its report of a difference.
      if (!isDeepStrictEqual(decoded, plain(request))) expect(decoded).toEqual(plain(request));
    }
  });

  it("holds any text, number and list as an attribute", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Object.is(number, -0)),
      fc.array(fc.string(), { maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value, { noNullPrototype: true }), (any) => {
        const request = logsRequest(keyValues(any), []);
        expect(decodeOtlp("logs", "application/x-protobuf", Buffer.from(encodeProtobuf("logs", request)))).toEqual(
          plain(request),
        );
      }),
    );
  });
});
