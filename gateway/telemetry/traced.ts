/**
 * The only file that runs otel-cf-workers. The library gives the tracer, the AsyncLocalStorage context, `traceparent` parsing and the
 * root span. Everything that it patches, proxies, buffers or sends is switched off or bypassed in this file.
 * Why: docs/decisions/008-tracing-on-otel-cf-workers.md
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createSampler, instrument } from "@microlabs/otel-cf-workers";
import { type Context, context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";
import type { KeyValue } from "../../formats/otlp/attributes.ts";
import { errorType } from "../../formats/otlp/error-type.ts";
import { logMessage } from "../../formats/otlp/log-message.ts";
import { type LogMessage, type SpanMessage, tracesRequest } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { STATUS } from "../../formats/otlp/span-message.ts";
import { type ActiveRequest, addToBuffer, spanProcessor, withRequest } from "./active-request.ts";
import type { Batch } from "./batch.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { knownMethod, serverAttributes } from "./http-attributes.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { LOG_EVENTS } from "./log-events.ts";
import type { OriginSpans } from "./origin-trace.ts";
import { SERVICE_NAME } from "./resource.ts";
import { type Sampling, StrangersAllowance } from "./sampling.ts";
import { recordFailure } from "./span.ts";
import { finishedSpanMessage } from "./span-message.ts";
import { SAMPLED_BY_CALLER, TraceBuffer } from "./trace-buffer.ts";

/** A Worker's fetch handler with its environment composed into it. */
export type FetchHandler = (request: Request, context: ExecutionContext) => Promise<Response>;

export interface TelemetrySettings {
  otlp: OtlpSettings;
  /** By the policy that is known when the request comes in. */
  sampling: Sampling;
  /** Paths that may appear in a trace. Any other path could hold a caller's text. */
  routes: readonly string[];
  /** The host name that may appear in a trace; null for none. Any other name could be a caller's choice. */
  publicHost: string | null;
}

export interface TracedParts {
  batch: Batch;
  exporter: Exporter;
  /** The attributes of the isolate. */
  resource: KeyValue[];
  clock: TelemetryClock;
}

interface RequestParts extends TracedParts {
  strangers: StrangersAllowance;
  settings: TelemetrySettings;
  keepAlive(work: Promise<unknown>): void;
  /** The request's handler. */
  serve(): Promise<Response>;
}

/** What bypasses the library on a request's way through it. */
interface Bypass {
  ratio: number;
  answer(request: Request): Promise<Response>;
}

/**
 * The library wraps the environment in a Proxy that records KV keys and asks every object that is read for a property with a new
 * random name. V8 keeps all of those names (measured: 1.1 kB a request, never freed). So the library gets an empty environment.
 */
type EmptyEnv = Record<string, never>;
/** The library declares `cf` as always present, and reads it only where it is. */
type LibraryRequest = Request<unknown, IncomingRequestCfProperties>;
const EMPTY_ENV: EmptyEnv = {};

/**
 * A SERVER span around every request of `handler`, which continues an incoming `traceparent` and is exported after the response. The
 * request is counted, and logged where its trace is kept.
 */
export function traced(handler: FetchHandler, settingsNow: () => TelemetrySettings, parts: TracedParts): FetchHandler {
  const bypasses = new AsyncLocalStorage<Bypass>();
  const strangers = new StrangersAllowance();
  const bypass = (): Bypass => {
    const found = bypasses.getStore();
    if (found === undefined) throw new Error("A request reached the tracer without traced().");
    return found;
  };
  const { fetch: start } = instrument<EmptyEnv, unknown, unknown>(
    { fetch: (request) => bypass().answer(request) },
    () => ({
      service: { name: SERVICE_NAME },
      spanProcessors: spanProcessor,
      sampling: { headSampler: headSampler(bypass().ratio) },
      instrumentation: { instrumentGlobalFetch: false, instrumentGlobalCache: false },
    }),
  );
  if (start === undefined) throw new Error("otel-cf-workers returned no fetch handler.");
  return (request, executionContext) => {
    const settings = settingsNow();
    const keepAlive = (work: Promise<unknown>) => executionContext.waitUntil(work);
    const answer = (incoming: Request) =>
      answerTraced(incoming, {
        ...parts,
        settings,
        strangers,
        keepAlive,
        serve: () => handler(incoming, executionContext),
      });
    const response = Promise.resolve(
      parts.batch.during({ otlp: settings.otlp, keepAlive }, () =>
        bypasses.run({ ratio: settings.sampling.ratio, answer }, () =>
          start(request as LibraryRequest, EMPTY_ENV, executionContext),
        ),
      ),
    );
    // When the caller hangs up, the runtime ends the request, and its trace would be lost with it.
    keepAlive(response.catch(() => {}));
    return response;
  };
}

/** Runs inside the library's root span. */
async function answerTraced(incoming: Request, parts: RequestParts): Promise<Response> {
  const { settings, clock, batch, exporter, strangers, serve } = parts;
  const root = trace.getActiveSpan();
  if (!root) return serve();
  const startedAtMs = clock.nowMs();
  const request: ActiveRequest = {
    root,
    summary: null,
    buffer: new TraceBuffer({
      sampling: settings.sampling,
      send: (spans, originSpans) => {
        const { hasTrustedState } = request.buffer;
        const messages = spans.map((span) => finishedSpanMessage(span, hasTrustedState));
        sendTrace(request, messages, originSpans, parts);
      },
      countDropped: (spans) => exporter.countDropped("traces", spans),
      acceptStrangers: () => strangers.accept(clock.nowMs()),
    }),
  };
  addToBuffer(root, request.buffer);
  const method = knownMethod(incoming.method);
  root.updateName(method); // the library appends `http.route`, where there is one, at the end
  const attributes = serverAttributes(incoming.method, incoming.url, settings);
  root.setAttributes(attributes);
  const route = attributes["http.route"];
  const countRequest = (status: number | undefined, failure: string | undefined) =>
    batch.count((meter) => {
      meter.observe(INSTRUMENTS.requestDuration, (clock.nowMs() - startedAtMs) / 1000, {
        "http.request.method": method,
        "url.scheme": incoming.url.startsWith("https:") ? "https" : "http",
        "http.route": typeof route === "string" ? route : undefined,
        "http.response.status_code": status,
        "error.type": failure,
      });
      if (request.summary === null) meter.add(INSTRUMENTS.requests, 1, {});
      else request.summary.count(meter);
    });
  try {
    const response = await context.with(withRequest(context.active(), request), serve);
    const failure = response.status >= 500 ? String(response.status) : undefined; // a 4xx is the caller's mistake
    if (failure !== undefined) recordFailure(root, failure);
    countRequest(response.status, failure);
    return response;
  } catch (error) {
    const failure = errorType(error);
    recordFailure(root, failure);
    countRequest(undefined, failure);
    throw error;
  }
}

/** Exports finished spans, each under the resource of the program that made it, and logs the request with its root. */
function sendTrace(
  { root, summary }: ActiveRequest,
  spans: SpanMessage[],
  originSpans: readonly OriginSpans[],
  { resource, exporter, batch, settings, keepAlive }: RequestParts,
): void {
  const { spanId } = root.spanContext();
  // The root ends once, so a trace that is kept has one log record.
  const sentRoot = spans.find((span) => span.spanId === spanId);
  if (sentRoot) batch.addLog(requestLog(sentRoot, summary?.sentence ?? "no outcome"));
  const all = [{ resource, spans }, ...originSpans];
  const traces = { resourceSpans: all.flatMap((one) => tracesRequest(one.resource, one.spans).resourceSpans) };
  const count = all.reduce((total, one) => total + one.spans.length, 0);
  keepAlive(exporter.send("traces", traces, count, settings.otlp));
}

/** The record of a request: its SERVER span's facts, for search without a trace viewer. They passed the allow-list with the span. */
function requestLog({ traceId, spanId, flags = 0, ...root }: SpanMessage, sentence: string): LogMessage {
  return logMessage({
    eventName: LOG_EVENTS.request.name,
    severity: root.status.code === STATUS.error ? "ERROR" : "INFO",
    sentence,
    attributes: root.attributes,
    unixNano: root.endTimeUnixNano,
    span: { traceId, spanId, traceFlags: flags },
  });
}

type Sampler = ReturnType<typeof createSampler>;

/**
 * The library's sampler, parent first and then by ratio. The library's loses the caller's `tracestate`; this one keeps it. Where only the
 * caller asks for the trace, the root is marked: whether it is exported is decided once the caller is known.
 */
function headSampler(ratio: number): Sampler {
  const sampler = createSampler({ ratio });
  return {
    shouldSample(context: Context, ...rest) {
      const result = sampler.shouldSample(context, ...rest);
      const parent = trace.getSpanContext(context);
      const byRatio = sampler.shouldSample(ROOT_CONTEXT, ...rest).decision;
      const byCaller = parent?.isRemote === true && result.decision !== byRatio && isSampled(parent);
      const traceState = result.traceState ?? parent?.traceState;
      return {
        ...result,
        ...(byCaller && { attributes: { ...result.attributes, [SAMPLED_BY_CALLER]: true } }),
        ...(traceState !== undefined && { traceState }),
      };
    },
    toString: () => `Spillway(${sampler.toString()})`,
  };
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
