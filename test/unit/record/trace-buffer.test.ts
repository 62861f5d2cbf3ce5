import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { exportCounts } from "../../../gateway/record/export.ts";
import type { FinishedSpan } from "../../../gateway/record/span-message.ts";
import { adopt, spanProcessor, withBuffer } from "../../../gateway/record/span-processor.ts";
import { TraceBuffer } from "../../../gateway/record/trace-buffer.ts";

type TestSpan = Span & FinishedSpan;

/** As the library's, which cannot be imported outside workerd: ending it tells the processor. */
function newSpan(traceFlags: number): TestSpan {
  const span: TestSpan = Object.assign(
    trace.wrapSpanContext({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags }),
    {
      name: "span",
      kind: SpanKind.INTERNAL,
      attributes: {},
      status: { code: SpanStatusCode.UNSET },
      startTime: [0, 0] as [number, number],
      endTime: [0, 0] as [number, number],
      events: [],
      links: [],
      parentSpanContext: undefined,
      end: () => spanProcessor.onEnd(span as never),
    },
  );
  return span;
}

function request(traceFlags = 1) {
  const sent: number[] = [];
  const buffer = new TraceBuffer((spans) => sent.push(spans.length));
  const root = newSpan(traceFlags);
  adopt(root, buffer);
  const child = () => {
    const span = newSpan(traceFlags);
    spanProcessor.onStart(span as never, withBuffer(ROOT_CONTEXT, buffer));
    return span;
  };
  return { sent, root, child };
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
