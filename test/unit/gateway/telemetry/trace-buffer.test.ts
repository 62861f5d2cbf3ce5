import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type AttributeValue, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { SpanMessage } from "../../../../formats/otlp/messages.ts";
import { exportCounts } from "../../../../gateway/telemetry/exporter.ts";
import { SAMPLE_ALL } from "../../../../gateway/telemetry/sampling.ts";
import type { FinishedSpan } from "../../../../gateway/telemetry/span-message.ts";
import { adopt, spanProcessor, TraceBuffer, withBuffer } from "../../../../gateway/telemetry/trace-buffer.ts";
import { finished, TRACE_ID } from "./spans.ts";

type TestSpan = Span & FinishedSpan;

/** As the library's: ending it tells the processor. */
function newSpan(traceFlags: number): TestSpan {
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

function request(traceFlags = 1) {
  const sent: number[] = [];
  const buffer = new TraceBuffer((spans, handed) => {
    sent.push(handed.reduce((total, one) => total + one.spans.length, spans.length));
  }, SAMPLE_ALL);
  const root = newSpan(traceFlags);
  adopt(root, buffer);
  const child = () => {
    const span = newSpan(traceFlags);
    spanProcessor.onStart(span as never, withBuffer(ROOT_CONTEXT, buffer));
    return span;
  };
  return { sent, buffer, root, child };
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

  it("of a trace that is not sampled is sent whole when it went wrong, and the root says why", () => {
    const { sent, root, child } = request(0);
    child().end();
    const late = child();
    root.attributes["spillway.refusal"] = "malformed";
    root.end();
    late.end();
    expect(sent).toEqual([2, 1]);
    expect(root.attributes["spillway.sampling.kept"]).toBe("refused");
  });

  it("goes by the policy that came in force while it was served", () => {
    const { sent, buffer, root } = request(0);
    buffer.obey({ ...SAMPLE_ALL, slowMs: 0 });
    root.end();
    expect(sent).toEqual([1]);
    const strict = request(0);
    strict.root.attributes["http.response.status_code"] = 500;
    strict.buffer.obey({ ...SAMPLE_ALL, keep: ["slow"] });
    strict.root.end();
    expect(strict.sent).toEqual([]);
  });

  it("holds what an origin has handed back, within the same bound, and lets it go with the rest", () => {
    const handed = (spans: number) => ({
      resource: [],
      spans: Array.from({ length: spans }, () => ({}) as SpanMessage),
    });
    const kept = request();
    kept.buffer.hold(handed(3));
    kept.root.end();
    expect(kept.sent).toEqual([4]);
    const left = request(0);
    left.buffer.hold(handed(3));
    left.root.end();
    expect(left.sent).toEqual([]);
    const before = exportCounts().dropped.traces;
    const full = request();
    full.buffer.hold(handed(1_023));
    full.buffer.hold(handed(1));
    full.root.end();
    expect(full.sent).toEqual([1_024]);
    expect(exportCounts().dropped.traces - before).toBe(1);
  });

  it("has a bound, and what is over it is counted as dropped", () => {
    const { sent, root, child } = request();
    const before = exportCounts().dropped.traces;
    for (let spans = 0; spans < 2_000; spans++) child().end();
    root.end();
    expect(sent).toEqual([1_024]);
    expect(exportCounts().dropped.traces - before).toBe(2_001 - 1_024);
  });

  it("leaves nothing behind: the heap does not grow over requests", () => {
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
