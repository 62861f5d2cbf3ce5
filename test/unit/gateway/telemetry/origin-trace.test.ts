import { describe, expect, it } from "vitest";
import type { OriginSpan, OriginTrace } from "../../../../formats/origin-wire.ts";
import { parseOriginTrace } from "../../../../gateway/telemetry/origin-trace.ts";
import { TRACE_ID } from "./spans.ts";

const CLIENT = { traceId: TRACE_ID, spanId: "b7ad6b7169203331", traceFlags: 2 };
const CANARY = "canary-7d0f5c";

const span = (spanId: string, parentSpanId: string, changed: Partial<OriginSpan> = {}): OriginSpan => ({
  spanId: spanId.repeat(16),
  parentSpanId: parentSpanId.length === 1 ? parentSpanId.repeat(16) : parentSpanId,
  name: "tokenize",
  kind: "internal",
  startUnixNano: "1795460017868000000",
  endUnixNano: "1795460017869000000",
  attributes: {},
  ...changed,
});
const server = (changed: Partial<OriginSpan> = {}) =>
  span("a", CLIENT.spanId, { name: "POST /", kind: "server", ...changed });
const trace = (...spans: OriginSpan[]): OriginTrace => ({
  resource: { "service.name": "spillway-origin", "cloud.region": "eu-central-1", "faas.max_memory": 3154116608 },
  spans,
});

describe("the spans that an origin returns", () => {
  it("become a part of the request's trace, under the origin's resource", () => {
    const passed = parseOriginTrace(trace(server({ attributes: { "faas.coldstart": true } }), span("b", "a")), CLIENT);
    expect(passed?.resource).toContainEqual({ key: "service.name", value: { stringValue: "spillway-origin" } });
    expect(passed?.spans).toMatchObject([
      { traceId: TRACE_ID, spanId: "a".repeat(16), parentSpanId: CLIENT.spanId, kind: 2, name: "POST /", flags: 0x302 },
      { traceId: TRACE_ID, spanId: "b".repeat(16), parentSpanId: "a".repeat(16), kind: 1, flags: 0x102 },
    ]);
    expect(passed?.spans[0]?.attributes).toEqual([{ key: "faas.coldstart", value: { boolValue: true } }]);
  });

  it("have failed where they name an error", () => {
    const passed = parseOriginTrace(trace(server({ attributes: { "error.type": "RangeError" } })), CLIENT);
    expect(passed?.spans[0]?.status).toEqual({ code: 2 });
  });

  it.each<[string, OriginSpan[]]>([
    ["no span", []],
    ["a SERVER span below another call", [span("a", "c", { kind: "server" })]],
    ["a span whose parent is missing", [server(), span("b", "c")]],
    ["another span than the SERVER span below the call", [server(), span("b", CLIENT.spanId)]],
    ["a span twice", [server(), span("b", "a"), span("b", "a")]],
    ["a span with the id of the call's span", [server({ spanId: CLIENT.spanId })]],
    ["an end before the start", [server({ endUnixNano: "1" })]],
    ["a time that OTLP cannot hold", [server({ endUnixNano: "9".repeat(20) })]],
  ])("are dropped, all of them, where there is %s", (_, spans) => {
    expect(parseOriginTrace(trace(...spans), CLIENT)).toBeNull();
  });

  it("hold no text, wherever the origin put it", () => {
    const hostile = {
      text: CANARY,
      "spillway.note": CANARY,
      "url.full": `https://origin/?${CANARY}`,
      "user_agent.original": CANARY,
      "faas.name": `dear sir ${CANARY}`,
      "cloud.region": `${CANARY}\n`,
      "error.type": `TypeError: cannot read ${CANARY}`,
      [`spillway.${CANARY}`]: 1,
      [CANARY]: true,
    };
    const { spans } = trace(server({ name: `POST /${CANARY}`, attributes: hostile }), span("b", "a", { name: CANARY }));
    const passed = parseOriginTrace({ resource: hostile, spans }, CLIENT);
    expect(passed?.spans.map(({ name }) => name)).toEqual(["unnamed", "unnamed"]);
    expect(JSON.stringify(passed)).not.toContain(CANARY);
  });
});
