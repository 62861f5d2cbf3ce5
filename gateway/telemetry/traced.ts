/**
 * The only file that runs otel-cf-workers. The library gives the tracer, the AsyncLocalStorage context, `traceparent` parsing and the
 * root span. Everything that it patches, proxies, buffers or sends is switched off or bypassed in this file.
 * Why: docs/decisions/008-tracing-on-otel-cf-workers.md
 */
import { createSampler, instrument } from "@microlabs/otel-cf-workers";
import { type Context, context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";
import { errorType } from "../../formats/otlp/error-type.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { type ActiveRequest, addToBuffer, spanProcessor, withRequest } from "./active-request.ts";
import type { Batch, ExportContext } from "./batch.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { knownMethod, serverAttributes } from "./http-attributes.ts";
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
  /** The request's handler. */
  serve(): Promise<Response>;
}

/**
 * What the library gets instead of a request, an environment and a context. Of a request it would read headers and properties for attributes
 * that are never exported, which takes more time than the rest of its work. It wraps an environment in a Proxy that asks every object that is
 * read for a property with a new random name, and V8 keeps all of those names (measured: 1.1 kB a request, never freed).
 */
interface Trigger {
  method: string;
  url: string;
  headers: { get(name: string): string | null };
  config: LibraryConfig;
  answer(): Promise<Response>;
}
/** What it gets of a response: it reads the status, and two headers. */
interface Answered {
  status: number;
  headers: { get(name: string): null };
}

type LibraryConfig = ReturnType<typeof configFor>;
type LibraryHandler = (trigger: Trigger, env: object, context: object) => Promise<Answered>;

/** Without a path: the route is added as an attribute. */
const ANY_URL = "http://gateway/";
const NO_HEADERS = { get: () => null };
const NO_ENV = {};
const NO_CONTEXT = { waitUntil: () => {}, passThroughOnException: () => {} };

/** The caller's trace. https://www.w3.org/TR/trace-context/ */
const READ_HEADERS: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/**
 * A SERVER span around every request of `handler`, which continues an incoming `traceparent` and is exported after the response. The
 * request is counted, and logged where its trace is kept.
 */
export function traced(handler: FetchHandler, settingsNow: () => TelemetrySettings, parts: TracedParts): FetchHandler {
  const strangers = new StrangersAllowance();
  const start = libraryHandler();
  let config = configFor(1);
  return (request, executionContext) => {
    const settings = settingsNow();
    const { ratio } = settings.sampling;
    if (config.ratio !== ratio) config = configFor(ratio);
    const keepAlive = (work: Promise<unknown>) => executionContext.waitUntil(work);
    const exportContext = { otlp: settings.otlp, keepAlive };
    const serve = () => handler(request, executionContext);
    const { headers, method } = request;
    const trigger: Trigger = {
      method,
      url: ANY_URL,
      headers: { get: (name) => (READ_HEADERS.has(name) ? headers.get(name) : null) },
      config,
      answer: () => answerTraced(request, { ...parts, settings, strangers, exportContext, serve }),
    };
    const response = parts.batch.during(exportContext, () => inRootSpan(start, trigger));
    // When the caller hangs up, the runtime ends the request, and its trace would be lost with it.
    keepAlive(response.catch(() => {}));
    return response;
  };
}

async function inRootSpan(start: LibraryHandler, trigger: Trigger): Promise<Response> {
  let response: Response | null = null;
  const answer = async () => {
    response = await trigger.answer();
    return response;
  };
  await start({ ...trigger, answer }, NO_ENV, NO_CONTEXT);
  if (response === null) throw new Error("otel-cf-workers did not call the handler.");
  return response;
}

/** Its types ask for the platform's objects; the tests in test/worker/telemetry show that it needs no more than these. */
function libraryHandler(): LibraryHandler {
  const answer = async (trigger: Trigger): Promise<Answered> => ({
    status: (await trigger.answer()).status,
    headers: NO_HEADERS,
  });
  const handler: unknown = { fetch: answer };
  const { fetch } = instrument(
    handler as ExportedHandler,
    (_, trigger) => (trigger as unknown as Trigger).config.library,
  );
  if (fetch === undefined) throw new Error("otel-cf-workers returned no fetch handler.");
  return fetch as unknown as LibraryHandler;
}

function configFor(ratio: number) {
  const library = {
    service: { name: SERVICE_NAME },
    spanProcessors: spanProcessor,
    sampling: { headSampler: headSampler(ratio) },
    instrumentation: { instrumentGlobalFetch: false, instrumentGlobalCache: false },
  };
  return { ratio, library };
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
      send: (spans, originSpans) => sendTrace(request, spans, originSpans, parts),
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
  if (sentRoot) {
    batch.addLog(requestLog(finishedSpanMessage(sentRoot, hasTrustedState), summary?.sentence ?? "no outcome"));
  }
  const count = originSpans.reduce((total, one) => total + one.spans.length, spans.length);
  const messages = () => spans.map((span) => finishedSpanMessage(span, hasTrustedState));
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
