/**
 * The only file that runs otel-cf-workers. The library gives the tracer, the spans, the AsyncLocalStorage context and the parsing of
 * `traceparent`. Everything that it patches, proxies, buffers or sends is switched off or bypassed in this file.
 * Why: docs/decisions/008-tracing-on-otel-cf-workers.md, docs/decisions/042-the-cost-of-a-trace.md
 */
import { createSampler, instrument } from "@microlabs/otel-cf-workers";
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type TextMapGetter,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { errorType } from "../../formats/otlp/error-type.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { type ActiveRequest, addToBuffer, spanProcessor, withRequest } from "./active-request.ts";
import type { Batch, ExportContext } from "./batch.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { knownMethod, schemeOf, serverAttributes } from "./http-attributes.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { OriginSpans } from "./origin-trace.ts";
import { SERVICE_NAME } from "./resource.ts";
import { type Sampling, StrangersAllowance } from "./sampling.ts";
import { recordFailure } from "./span.ts";
import { type FinishedSpan, finishedSpanMessage, requestLog } from "./span-message.ts";
import { SAMPLED_BY_CALLER, TraceBuffer } from "./trace-buffer.ts";
import type { TraceQueue } from "./trace-queue.ts";

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
  traces: TraceQueue;
  exporter: Exporter;
  clock: TelemetryClock;
}

interface RequestParts extends TracedParts {
  strangers: StrangersAllowance;
  settings: TelemetrySettings;
  exportContext: ExportContext;
  library: Library;
  /** Whether it is the first request of the isolate. */
  isFirst: boolean;
  /** The request's handler. */
  serve(): Promise<Response>;
}

/** The library, started with a sampling ratio. */
interface Library {
  ratio: number;
  /** Holds the library's configuration, which it looks up for each span. */
  context: Context;
  tracer: Tracer;
}

/** The caller's trace. https://www.w3.org/TR/trace-context/ */
const CALLERS_TRACE: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: () => [],
};

/**
 * A SERVER span around every request of `handler`, which continues an incoming `traceparent` and is exported after the response. The
 * request is counted, and logged where its trace is kept.
 */
export function traced(handler: FetchHandler, settingsNow: () => TelemetrySettings, parts: TracedParts): FetchHandler {
  const strangers = new StrangersAllowance();
  let library: Library | null = null;
  return (request, executionContext) => {
    const settings = settingsNow();
    const { ratio } = settings.sampling;
    const isFirst = library === null;
    if (library?.ratio !== ratio) library = startLibrary(ratio);
    const keepAlive = (work: Promise<unknown>) => executionContext.waitUntil(work);
    const exportContext = { otlp: settings.otlp, keepAlive };
    const serve = () => handler(request, executionContext);
    const requestParts = { ...parts, settings, strangers, exportContext, library, isFirst, serve };
    const response = parts.batch.during(exportContext, () => serveInRootSpan(request, requestParts));
    // When the caller hangs up, the runtime ends the request, and its trace would be lost with it.
    keepAlive(response.catch(() => {}));
    return response;
  };
}

/**
 * Starts the library, which needs a request for it. The one that it gets has nothing in it, and its span is not exported. Around each request
 * the library would read headers and properties for attributes that are never exported, wait for a timer, and wrap the environment in a Proxy
 * that asks every object that is read for a property with a new random name, all of which V8 keeps (measured: 1.1 kB a request, never freed).
 */
function startLibrary(ratio: number): Library {
  let found: Context | null = null;
  const nothing = { status: 200, method: "GET", url: "http://gateway/", headers: { get: () => null } };
  const handler: unknown = {
    fetch: async () => {
      found = trace.deleteSpan(context.active());
      return nothing;
    },
  };
  const { fetch } = instrument(handler as ExportedHandler, {
    service: { name: SERVICE_NAME },
    spanProcessors: spanProcessor,
    sampling: { headSampler: headSampler(ratio) },
    instrumentation: { instrumentGlobalFetch: false, instrumentGlobalCache: false },
  });
  const start: unknown = fetch;
  // Its types ask for the platform's objects; the tests in test/worker/telemetry show that it needs no more than these.
  void (start as (request: object, env: object, context: object) => Promise<unknown>)(
    nothing,
    {},
    { waitUntil: () => {} },
  );
  if (found === null) throw new Error("otel-cf-workers did not call the handler.");
  return { ratio, context: found, tracer: trace.getTracer("spillway") };
}

/** Runs a request in its SERVER span. */
async function serveInRootSpan(incoming: Request, parts: RequestParts): Promise<Response> {
  const { settings, clock, batch, exporter, strangers, library, isFirst, serve } = parts;
  const startedAtMs = clock.nowMs();
  const method = knownMethod(incoming.method);
  const attributes = serverAttributes(incoming.method, incoming.url, settings);
  const route = attributes["http.route"];
  const name = typeof route === "string" ? `${method} ${route}` : method;
  const parent = propagation.extract(library.context, incoming.headers, CALLERS_TRACE);
  const root = context.with(parent, () => library.tracer.startSpan(name, { kind: SpanKind.SERVER }, parent));
  root.setAttributes(attributes);
  root.setAttribute("faas.coldstart", isFirst);
  const request: ActiveRequest = {
    root,
    summary: null,
    buffer: new TraceBuffer({
      sampling: settings.sampling,
      send: (spans, originSpans) => sendTrace(request, spans, originSpans, parts),
      countDropped: (spans) => exporter.countDropped("traces", spans),
      acceptStrangers: () => strangers.accept(clock.nowMs()),
    }),
  };
  addToBuffer(root, request.buffer);
  const countRequest = (status: number | undefined, failure: string | undefined) =>
    batch.count((meter) => {
      meter.observe(INSTRUMENTS.requestDuration, (clock.nowMs() - startedAtMs) / 1000, {
        "http.request.method": method,
        "url.scheme": schemeOf(incoming.url),
        "http.route": typeof route === "string" ? route : undefined,
        "http.response.status_code": status,
        "error.type": failure,
      });
      if (request.summary === null) meter.add(INSTRUMENTS.requests, 1, {});
      else request.summary.count(meter);
    });
  try {
    const response = await context.with(withRequest(trace.setSpan(parent, root), request), serve);
    const failure = response.status >= 500 ? String(response.status) : undefined; // a 4xx is the caller's mistake
    root.setAttribute("http.response.status_code", response.status);
    if (failure !== undefined) recordFailure(root, failure);
    countRequest(response.status, failure);
    return response;
  } catch (error) {
    const failure = errorType(error);
    recordFailure(root, failure);
    root.addEvent("exception");
    countRequest(undefined, failure);
    throw error;
  } finally {
    root.end();
  }
}

/** Exports finished spans, and logs the request with its root. */
function sendTrace(
  { root, summary, buffer }: ActiveRequest,
  spans: readonly FinishedSpan[],
  originSpans: readonly OriginSpans[],
  { batch, traces, exportContext }: RequestParts,
): void {
  const { hasTrustedState } = buffer;
  const { spanId } = root.spanContext();
  // The root ends once, so a trace that is kept has one log record.
  const sentRoot = spans.find((span) => span.spanContext().spanId === spanId);
  const rootMessage = sentRoot === undefined ? null : finishedSpanMessage(sentRoot, hasTrustedState);
  if (rootMessage !== null) batch.addLog(requestLog(rootMessage, summary?.sentence ?? "no outcome"));
  const count = originSpans.reduce((total, one) => total + one.spans.length, spans.length);
  const messages = () =>
    spans.map((span) =>
      span === sentRoot && rootMessage !== null ? rootMessage : finishedSpanMessage(span, hasTrustedState),
    );
  traces.add({ spans: count, messages, originSpans }, exportContext);
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
      const parent = trace.getSpanContext(context);
      const result = sampler.shouldSample(context, ...rest);
      const traceState = result.traceState ?? parent?.traceState;
      const own = traceState === undefined ? result : { ...result, traceState };
      if (parent?.isRemote !== true || !isSampled(parent)) return own;
      const byCaller = sampler.shouldSample(ROOT_CONTEXT, ...rest).decision !== result.decision;
      return byCaller ? { ...own, attributes: { ...own.attributes, [SAMPLED_BY_CALLER]: true } } : own;
    },
    toString: () => `Spillway(${sampler.toString()})`,
  };
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
