/**
 * The origin's part of the trace: no layer, no X-Ray and no SDK. The OpenTelemetry SDK and its OTLP encoder take 200 ms to
 * import unbundled, on the cold start that this product is about; the little that is needed here fits into a few small files.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes } from "../../otlp/attributes.ts";
import { exportSettings, TraceExporter } from "./export.ts";
import {
  type HttpEvent,
  header,
  type Invocation,
  resource,
  serverAttributes,
  serverName,
} from "./lambda-attributes.ts";
import { errorType, markFailed, type Span, setAttributes, Trace, traceOrigin } from "./trace.ts";

/** Left for Lambda to hand the answer over before its own timeout. */
const RESERVED_MS = 100;
const active = new AsyncLocalStorage<{ readonly trace: Trace; readonly span: Span }>();

/**
 * A Lambda handler with a SERVER span around each invocation, continuing the incoming `traceparent`, sent before the answer is
 * returned: afterwards Lambda freezes the process. Wrap it once the model is loaded: the time from process start to this call
 * is recorded, in seconds, as `faas.init_duration`.
 */
export function withTelemetry<Event, Context, Result>(
  handler: (event: Event, context: Context) => Promise<Result>,
  exporter: TraceExporter = new TraceExporter(exportSettings(process.env)),
): (event: Event & HttpEvent, context: Context & Invocation) => Promise<Result> {
  let initSeconds: number | undefined = performance.now() / 1000;
  return async (event, context) => {
    const origin = traceOrigin(header(event, "traceparent"), header(event, "tracestate"));
    const trace = new Trace(origin);
    const span = trace.start(serverName(event), "server", origin.parentSpanId, {
      ...serverAttributes(event, context),
      "faas.coldstart": initSeconds !== undefined,
      "faas.init_duration": initSeconds,
      "spillway.telemetry.dropped_spans": exporter.droppedSpans || undefined,
    });
    initSeconds = undefined;
    try {
      const result = await active.run({ trace, span }, () => handler(event, context));
      recordStatus(span, result);
      return result;
    } catch (error) {
      markFailed(span, errorType(error));
      throw error;
    } finally {
      trace.end(span);
      const leftMs = (context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) - RESERVED_MS;
      await exporter.flush(trace, resource(process.env), leftMs);
    }
  };
}

/** Runs `work` as a child span; `record` adds attributes to it. Outside an invocation it just runs. */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (record: (more: Attributes) => void) => Promise<T> | T,
): Promise<T> {
  const parent = active.getStore();
  if (!parent) return work(() => {});
  const { trace } = parent;
  const span = trace.start(name, "internal", parent.span.spanId, attributes);
  try {
    return await active.run({ trace, span }, () => work((more) => setAttributes(span, more)));
  } catch (error) {
    markFailed(span, errorType(error));
    throw error;
  } finally {
    trace.end(span);
  }
}

function recordStatus(span: Span, result: unknown): void {
  if (typeof result !== "object" || result === null || !("statusCode" in result)) return;
  const status = Number(result.statusCode);
  setAttributes(span, { "http.response.status_code": status });
  if (status >= 500) markFailed(span, String(status));
}
