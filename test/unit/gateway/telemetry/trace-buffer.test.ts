import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type AttributeValue, type Span, SpanKind, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { SpanMessage } from "../../../../formats/otlp/messages.ts";
import { addToBuffer, spanProcessor } from "../../../../gateway/telemetry/active-request.ts";
import { ChildSpan } from "../../../../gateway/telemetry/child-span.ts";
import { SAMPLE_ALL, type Standing } from "../../../../gateway/telemetry/sampling.ts";
import type { FinishedSpan } from "../../../../gateway/telemetry/span-message.ts";
import { SAMPLED_BY_CALLER, TraceBuffer } from "../../../../gateway/telemetry/trace-buffer.ts";
import { finished, TRACE_ID } from "./spans.ts";

type TestSpan = Span & FinishedSpan;

/** Like the library's span: ending it calls the processor. */
function newRoot(traceFlags: number): TestSpan {
  const context = { traceId: TRACE_ID, spanId: "b7ad6b7169203331", traceFlags };
  const span: TestSpan = Object.assign(
    trace.wrapSpanContext(context),
    finished({ attributes: { "http.response.status_code": 200 }, spanContext: () => context }),
    {
      end: () => spanProcessor.onEnd(span as never),
      setAttribute: (key: string, value: AttributeValue) => {
        span.attributes[key] = value;
        return span;
      },
    },
  );
  return span;
}

function request(traceFlags = 1, strangersLeft = 0) {
  let left = strangersLeft;
  const sent: number[] = [];
  const dropped: number[] = [];
  const buffer = new TraceBuffer({
    sampling: SAMPLE_ALL,
    send: (spans, originSpans) => {
      sent.push(originSpans.reduce((total, one) => total + one.spans.length, spans.length));
    },
    countDropped: (spans) => dropped.push(spans),
    acceptStrangers: () => left-- > 0,
  });
  const root = newRoot(traceFlags);
  addToBuffer(root, buffer);
  const parts = { name: "admit", kind: SpanKind.INTERNAL, attributes: {}, parent: root.spanContext(), buffer };
  const child = () => new ChildSpan(parts);
  return { sent, dropped, buffer, root, child };
}

describe("the buffer of a request", () => {
  it("is sent once, when the root ends", () => {
    const { sent, root, child } = request();
    child().end();
    child().end();
    expect(sent).toEqual([]);
    root.end();
    expect(sent).toEqual([3]);
  });

  it("sends background spans when the last of them has ended", () => {
    const { sent, root, child } = request();
    const [first, second] = [child(), child()];
    root.end();
    first.end();
    expect(sent).toEqual([1]);
    second.end();
    expect(sent).toEqual([1, 2]);
  });

  it("sends nothing of a trace that is not sampled", () => {
    const { sent, root, child } = request(0);
    const late = child();
    root.end();
    late.end();
    expect(sent).toEqual([]);
  });

  it("sends all of a trace that is not sampled where it is worth keeping, and the root states why", () => {
    const { sent, buffer, root, child } = request(0);
    buffer.setStanding("key-holder");
    child().end();
    const late = child();
    root.attributes["spillway.refusal"] = "malformed";
    root.end();
    late.end();
    expect(sent).toEqual([2, 1]);
    expect(root.attributes["spillway.sampling.kept"]).toBe("refused");
  });

  it("follows the policy that came into force while the request was served", () => {
    const { sent, buffer, root } = request(0);
    buffer.setStanding("anonymous");
    buffer.setSampling({ ...SAMPLE_ALL, slowMs: 0 });
    root.end();
    expect(sent).toEqual([1]);
    const strict = request(0);
    strict.root.attributes["http.response.status_code"] = 500;
    strict.buffer.setSampling({ ...SAMPLE_ALL, keep: ["slow"] });
    strict.root.end();
    expect(strict.sent).toEqual([]);
  });

  it.each<[string, Standing, { flags: number; attributes: Record<string, AttributeValue> }, number]>([
    ["a refusal of a stranger", "unknown", { flags: 0, attributes: { "spillway.refusal": "not-found" } }, 0],
    ["a stranger's sampled flag", "unknown", { flags: 1, attributes: { [SAMPLED_BY_CALLER]: true } }, 0],
    ["a stranger's error", "unknown", { flags: 0, attributes: { "http.response.status_code": 503 } }, 0],
    [
      "a refusal without a key, where none is needed",
      "anonymous",
      { flags: 0, attributes: { "spillway.refusal": "shape" } },
      0,
    ],
    ["a sampled flag without a key", "anonymous", { flags: 1, attributes: { [SAMPLED_BY_CALLER]: true } }, 0],
    [
      "an error without a key, where none is needed",
      "anonymous",
      { flags: 0, attributes: { "http.response.status_code": 503 } },
      1,
    ],
    ["a key holder's sampled flag", "key-holder", { flags: 1, attributes: { [SAMPLED_BY_CALLER]: true } }, 1],
    ["a key holder's refusal", "key-holder", { flags: 0, attributes: { "spillway.refusal": "shape" } }, 1],
    [
      "what the ratio chose, of a stranger",
      "unknown",
      { flags: 1, attributes: { "spillway.refusal": "not-found" } },
      1,
    ],
  ])(
    "%s is sent within the bound for strangers; beyond it only where the caller is known or the ratio chose it",
    (_, standing, { flags, attributes }, beyond) => {
      for (const [left, times] of [
        [1, 1],
        [0, beyond],
      ] as const) {
        const { sent, buffer, root } = request(flags, left);
        buffer.setStanding(standing);
        Object.assign(root.attributes, attributes);
        root.end();
        expect(sent).toEqual(Array(times).fill(1));
      }
    },
  );

  it("sends or drops an origin's spans with the request's own, within the same bound", () => {
    const originSpans = (spans: number) => ({
      resource: [],
      spans: Array.from({ length: spans }, () => ({}) as SpanMessage),
    });
    const kept = request();
    kept.buffer.addOriginSpans(originSpans(3));
    kept.root.end();
    expect(kept.sent).toEqual([4]);
    const unsampled = request(0);
    unsampled.buffer.addOriginSpans(originSpans(3));
    unsampled.root.end();
    expect(unsampled.sent).toEqual([]);
    const full = request();
    full.buffer.addOriginSpans(originSpans(1_023));
    full.buffer.addOriginSpans(originSpans(1));
    full.root.end();
    expect(full.sent).toEqual([1_024]);
    expect(full.dropped).toEqual([1]);
  });

  it("has a bound, and spans over it are counted as dropped", () => {
    const { sent, dropped, root, child } = request();
    for (let spans = 0; spans < 2_000; spans++) child().end();
    root.end();
    expect(sent).toEqual([1_024]);
    expect(dropped).toHaveLength(2_001 - 1_024);
  });

  it("is released with its request: the heap does not grow over requests", () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const heapBytesAfter = (requests: number) => {
      for (let done = 0; done < requests; done++) {
        const { root, child } = request();
        child().end();
        if (done % 7 === 0) child(); // a span never ended, as when the runtime cancels a request
        if (done % 11 !== 0) root.end(); // and now and then a root
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const settledBytes = heapBytesAfter(2_000);
    expect(heapBytesAfter(20_000) - settledBytes).toBeLessThan(1_000_000); // 20,000 leaked spans would be over 10 MB
  });
});
