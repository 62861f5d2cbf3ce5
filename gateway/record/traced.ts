/**
 * The one place that touches otel-cf-workers. It gives the tracer, the AsyncLocalStorage context, `traceparent` parsing and
 * the root span; everything that it patches, proxies, buffers or sends is switched off or kept away from it here.
 */
import { instrument } from "@microlabs/otel-cf-workers";
import { context, trace } from "@opentelemetry/api";
import { keyValues } from "../../otlp/attributes.ts";
import { tracesRequest } from "../../otlp/messages.ts";
import { errorType } from "./error-type.ts";
import { exportSignal } from "./export.ts";
import { headSampler } from "./head-sampler.ts";
import { knownMethod, serverAttributes } from "./http-attributes.ts";
import type { TelemetrySettings } from "./settings.ts";
import { recordFailure } from "./span.ts";
import { spanMessage } from "./span-message.ts";
import { adopt, spanProcessor, withBuffer } from "./span-processor.ts";
import { TraceBuffer } from "./trace-buffer.ts";

const SERVICE_NAME = "spillway-gateway";
const RESOURCE = {
  "service.name": SERVICE_NAME,
  "cloud.provider": "cloudflare",
  "cloud.platform": "cloudflare.workers",
  "telemetry.sdk.language": "webjs",
  "telemetry.sdk.name": "@microlabs/otel-cf-workers",
};

type Incoming = Request<unknown, IncomingRequestCfProperties>;

/**
 * What the library gets for an environment: it wraps that in a Proxy which inspects every binding and records KV keys, so the
 * true `env` and `ctx` go past it in closures.
 */
type Passage = { readonly settings: TelemetrySettings; readonly answer: (request: Incoming) => Promise<Response> };

/** A SERVER span around every request of `handler`, continuing an incoming `traceparent`; exported after the response. */
export function traced<Env>(
  handler: ExportedHandler<Env>,
  configure: (env: Env) => TelemetrySettings,
): ExportedHandler<Env> {
  const serve = handler.fetch;
  if (!serve) return handler;
  const { fetch: start } = instrument<Passage, unknown, unknown>(
    { fetch: (request, passage) => passage.answer(request as Incoming) },
    (passage: Passage) => ({
      service: { name: SERVICE_NAME },
      spanProcessors: spanProcessor,
      sampling: { headSampler: headSampler(passage.settings.sampling.ratio) },
      instrumentation: { instrumentGlobalFetch: false, instrumentGlobalCache: false },
    }),
  );
  if (!start) return handler;
  return {
    ...handler,
    fetch(request, env, ctx) {
      const settings = configure(env);
      const answer = (incoming: Incoming) => answered(incoming, settings, ctx, () => serve(incoming, env, ctx));
      const response = Promise.resolve(start(request, { settings, answer }, ctx));
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
  ctx: ExecutionContext,
  serve: () => Response | Promise<Response>,
): Promise<Response> {
  const root = trace.getActiveSpan();
  if (!root) return serve();
  const buffer = new TraceBuffer((spans, handed) => {
    const all = [{ resource: keyValues(RESOURCE), spans: spans.map(spanMessage) }, ...handed];
    const request = { resourceSpans: all.flatMap((one) => tracesRequest(one.resource, one.spans).resourceSpans) };
    const count = all.reduce((total, one) => total + one.spans.length, 0);
    ctx.waitUntil(exportSignal("traces", request, count, settings.otlp));
  }, settings.sampling);
  adopt(root, buffer);
  root.updateName(knownMethod(request.method)); // the library appends `http.route`, where there is one, at the end
  root.setAttributes(serverAttributes(request.method, request.url, settings.routes));
  try {
    const response = await context.with(withBuffer(context.active(), buffer), serve);
    if (response.status >= 500) recordFailure(root, String(response.status)); // a caller's mistake (4xx) is none of ours
    return response;
  } catch (error) {
    recordFailure(root, errorType(error));
    throw error;
  }
}
