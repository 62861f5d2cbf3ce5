/** Routes, last-resort error handler; no logic. */
import { Hono } from "hono";
import type { Call } from "./call.ts";
import { readyz } from "./readyz.ts";
import { identityHeaders } from "./respond/error-response.ts";
import { jsonResponse } from "./respond/json-response.ts";
import { allowWebOrigins } from "./respond/web-headers.ts";
import { refuseRequest, serve } from "./serve.ts";
import { pathIn } from "./telemetry/http-attributes.ts";
import type { Deployment, World } from "./world.ts";

interface Bindings {
  world: World;
  call: Call;
}

/** Answers a request; never rejects. */
export type App = (request: Request, bindings: Bindings) => Promise<Response>;

/** The paths that may appear in a trace; any other path could hold a caller's text. */
export const ROUTES: readonly string[] = ["/v1/classify"];
/** Requested by machines every few seconds; not traced. */
export const PROBES: readonly string[] = ["/healthz", "/readyz"];

/**
 * The routes of a deployment. A request of the endpoint passes one handler: each further one costs every request its share, so what is known
 * of the deployment is decided here.
 */
export function createApp({ allowedWebOrigins, problems }: Pick<Deployment, "allowedWebOrigins" | "problems">): App {
  /** The path as it was sent: `/v1/%63lassify` is another path, in the router as in a trace. */
  const app = new Hono<{ Bindings: Bindings }>({ getPath: ({ url }) => pathIn(url) });

  // A deployment whose settings cannot be obeyed serves no one: if it obeyed half of them, the rest would be overlooked.
  if (problems.length > 0) app.use("/v1/classify", async ({ env }) => misconfigured(env.call));
  if (allowedWebOrigins.length > 0) app.use("/v1/classify", allowWebOrigins(allowedWebOrigins));

  app.get("/healthz", ({ env }) => jsonResponse({ status: "ok" }, 200, identityHeaders(env.call.identity)));

  app.get("/readyz", async ({ env, req }) => {
    const { world, call } = env;
    const result = await readyz(req.raw, world, call.lifetime);
    if (!result.ok) return refuseRequest(result.refusal, call);
    return jsonResponse(result.value.body, result.value.status, identityHeaders(call.identity));
  });

  app.all("/v1/classify", ({ env, req }) =>
    req.method === "POST"
      ? serve(req.raw, env.world, env.call)
      : wrongMethod(env.call, "Use POST with a JSON body.", "POST"),
  );
  for (const path of PROBES) app.all(path, ({ env }) => wrongMethod(env.call, "Use GET.", "GET, HEAD"));

  app.notFound(({ env }) =>
    refuseRequest({ code: "not-found", publicText: "The endpoint is POST /v1/classify.", reason: "path" }, env.call),
  );

  app.onError(({ name }, { env }) => bug(name, env.call));

  return async (request, bindings) => {
    try {
      return await app.fetch(request, bindings);
    } catch {
      // Hono passes only an Error on to onError.
      return bug("Error", bindings.call);
    }
  };
}

function misconfigured(call: Call): Response {
  return refuseRequest(
    {
      code: "unavailable",
      publicText: "The gateway is misconfigured. Operators: see /readyz or the Worker log.",
      reason: "misconfigured",
      retryAfterMs: 60_000,
    },
    call,
  );
}

/** Only bugs end here. */
function bug(name: string, call: Call): Response {
  return refuseRequest(
    {
      code: "unavailable",
      publicText: "Something went wrong. Try again.",
      reason: `bug: ${name}`,
      retryAfterMs: 1000,
    },
    call,
  );
}

function wrongMethod(call: Call, publicText: string, allow: string): Response {
  return refuseRequest({ code: "method-not-allowed", publicText, reason: "method" }, call, undefined, { allow });
}
