/**
 * The one place that touches otel-cf-workers. It gives the tracer, the AsyncLocalStorage context, `traceparent` parsing and
 * the root span; everything that it patches, proxies, buffers or sends is switched off or kept away from it here.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { instrument } from "@microlabs/otel-cf-workers";
import { context, trace } from "@opentelemetry/api";
import { tracesRequest } from "../../formats/otlp/messages.ts";
import { type OtlpSettings, type OtlpVariables, otlpSettings } from "../../formats/otlp/settings.ts";
import { requestLog } from "../record/logs.ts";
import { exportSignal } from "./exporter.ts";
import { knownMethod, serverAttributes } from "./http-attributes.ts";
import type { IsolateTelemetry } from "./isolate-telemetry.ts";
import { resource, SERVICE_NAME } from "./resource.ts";
import { headSampler, SAMPLE_ALL, type Sampling } from "./sampling.ts";
import { errorType, recordFailure } from "./span.ts";
import { spanMessage } from "./span-message.ts";
import { adopt, spanProcessor, TraceBuffer, withBuffer } from "./trace-buffer.ts";

type Incoming = Request<unknown, IncomingRequestCfProperties>;

/** One request's way past the library. */
interface RequestPassThrough {
  settings: TelemetrySettings;
  answer(request: Incoming): Promise<Response>;
}

/**
 * What the library gets for an environment it wraps in a Proxy, which records KV keys and asks every object that is read for a
 * property of a new random name: V8 keeps all those names (measured: 1.1 kB a request, for ever). So it gets none, and the true
 * `env` and `ctx` go past it.
 */
const requests = new AsyncLocalStorage<RequestPassThrough>();
type EmptyEnv = Record<string, never>;
const EMPTY_ENV: EmptyEnv = {};

function currentRequest(): RequestPassThrough {
  const mine = requests.getStore();
  if (mine === undefined) throw new Error("a request came to the tracer by another way than traced()");
  return mine;
}

/**
 * A SERVER span around every request of `handler`, continuing an incoming `traceparent`; exported after the response. The request
 * is counted, and logged where its trace is kept.
 */
export function traced<Env>(
  handler: ExportedHandler<Env>,
  configure: (env: Env) => TelemetrySettings,
  telemetry: IsolateTelemetry,
): ExportedHandler<Env> {
  const serve = handler.fetch;
  if (!serve) return handler;
  const { fetch: start } = instrument<EmptyEnv, unknown, unknown>(
    { fetch: (request) => currentRequest().answer(request as Incoming) },
    () => ({
      service: { name: SERVICE_NAME },
      spanProcessors: spanProcessor,
      sampling: { headSampler: headSampler(currentRequest().settings.sampling.ratio) },
      instrumentation: { instrumentGlobalFetch: false, instrumentGlobalCache: false },
    }),
  );
  if (!start) return handler;
  return {
    ...handler,
    fetch(request, env, ctx) {
      const settings = configure(env);
      const answer = (incoming: Incoming) =>
        answered(incoming, settings, telemetry, ctx, () => serve(incoming, env, ctx));
      const exportContext = { otlp: settings.otlp, keepAlive: (work: Promise<unknown>) => ctx.waitUntil(work) };
      const response = Promise.resolve(
        telemetry.during(exportContext, () => requests.run({ settings, answer }, () => start(request, EMPTY_ENV, ctx))),
      );
      // A caller who hangs up ends the request's life at once, and its trace with it, unless something holds on to it.
      ctx.waitUntil(response.catch(() => {}));
      return response;
    },
  };
}

/** Runs inside the library's root span. */
async function answered(
  request: Incoming,
  settings: TelemetrySettings,
  telemetry: IsolateTelemetry,
  ctx: ExecutionContext,
  serve: () => Response | Promise<Response>,
): Promise<Response> {
  const root = trace.getActiveSpan();
  if (!root) return serve();
  const startedAtMs = Date.now();
  const buffer = new TraceBuffer((spans, handed) => {
    const messages = spans.map(spanMessage);
    const { spanId } = root.spanContext();
    // The root ends once, so there is one log record, and only of a trace that is kept.
    const sentRoot = messages.find((span) => span.spanId === spanId);
    if (sentRoot) telemetry.log(requestLog(sentRoot, buffer.outcome));
    const all = [{ resource: resource(), spans: messages }, ...handed];
    const request = { resourceSpans: all.flatMap((one) => tracesRequest(one.resource, one.spans).resourceSpans) };
    const count = all.reduce((total, one) => total + one.spans.length, 0);
    ctx.waitUntil(exportSignal("traces", request, count, settings.otlp));
  }, settings.sampling);
  adopt(root, buffer);
  root.updateName(knownMethod(request.method)); // the library appends `http.route`, where there is one, at the end
  const attributes = serverAttributes(request.method, request.url, settings.routes);
  root.setAttributes(attributes);
  const route = attributes["http.route"];
  const count = (status: number | undefined, errorType: string | undefined) =>
    telemetry.request({
      method: knownMethod(request.method),
      scheme: request.url.startsWith("https:") ? "https" : "http",
      route: typeof route === "string" ? route : undefined,
      status,
      errorType,
      tookMs: Date.now() - startedAtMs,
      outcome: buffer.outcome,
    });
  try {
    const response = await context.with(withBuffer(context.active(), buffer), serve);
    const failure = response.status >= 500 ? String(response.status) : undefined; // a caller's mistake (4xx) is none of ours
    if (failure !== undefined) recordFailure(root, failure);
    count(response.status, failure);
    return response;
  } catch (error) {
    const thrown = errorType(error);
    recordFailure(root, thrown);
    count(undefined, thrown);
    throw error;
  }
}

/** What telemetry needs to know, read per request, so that an edit needs no restart of the isolate. */

export interface TelemetrySettings {
  otlp: OtlpSettings;
  /** As the policy has it that is known when the request comes in. */
  sampling: Sampling;
  /** Paths that may appear in a trace; any other path could hold a caller's text. */
  routes: readonly string[];
}

export function telemetrySettings(
  variables: OtlpVariables,
  routes: readonly string[],
  sampling: Sampling = SAMPLE_ALL,
): TelemetrySettings {
  return { otlp: otlpSettings(variables), sampling, routes };
}
