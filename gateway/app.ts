/** Routes, last-resort error handler; no logic. */
import { Hono, type MiddlewareHandler } from "hono";
import type { Call } from "./call.ts";
import { readyz } from "./readyz.ts";
import { identityHeaders } from "./respond/error-response.ts";
import { allowWebOrigins, securityHeaders } from "./respond/web-headers.ts";
import { refuseRequest, serve } from "./serve.ts";
import { pathIn } from "./telemetry/http-attributes.ts";
import type { World } from "./world.ts";

interface Context {
  Bindings: { world: World; call: Call };
}

/** The paths that may appear in a trace; any other path could hold a caller's text. */
export const ROUTES: readonly string[] = ["/v1/classify"];
/** Requested by machines every few seconds; not traced. */
export const PROBES: readonly string[] = ["/healthz", "/readyz"];

/** A deployment whose settings cannot be obeyed serves no one: if it obeyed half of them, the rest would be overlooked. */
const requireConfiguration: MiddlewareHandler<Context> = async ({ env }, next) => {
  if (env.world.deployment.problems.length === 0) return next();
  return refuseRequest(
    {
      code: "unavailable",
      publicText: "The gateway is misconfigured. Operators: see /readyz or the Worker log.",
      reason: "misconfigured",
      retryAfterMs: 60_000,
    },
    env.call,
  );
};

/** Hono passes only an Error on to onError; anything else that is thrown would leave as the runtime's own page. */
const throwOnlyErrors: MiddlewareHandler = async (_, next) => {
  try {
    await next();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error("a value that is not an Error was thrown");
  }
};

/** The path as it was sent: `/v1/%63lassify` is another path, in the router as in a trace. */
export const app = new Hono<Context>({ getPath: ({ url }) => pathIn(url) });

app.use(securityHeaders);
app.use(throwOnlyErrors);
app.use("/v1/classify", requireConfiguration, (context, next) =>
  allowWebOrigins(context.env.world.deployment.allowedWebOrigins)(context, next),
);

app.get("/healthz", ({ env, json }) => json({ status: "ok" }, 200, identityHeaders(env.call.identity)));

app.get("/readyz", async ({ env, req, json }) => {
  const { world, call } = env;
  const result = await readyz(req.raw, world, call.lifetime);
  if (!result.ok) return refuseRequest(result.refusal, call);
  return json(result.value.body, result.value.status, identityHeaders(call.identity));
});

app.post("/v1/classify", ({ env, req }) => serve(req.raw, env.world, env.call));

app.all("/v1/classify", ({ env }) => wrongMethod(env.call, "Use POST with a JSON body.", "POST"));
for (const path of PROBES) app.all(path, ({ env }) => wrongMethod(env.call, "Use GET.", "GET, HEAD"));

app.notFound(({ env }) =>
  refuseRequest({ code: "not-found", publicText: "The endpoint is POST /v1/classify.", reason: "path" }, env.call),
);

/** Only bugs end here. */
app.onError((error, { env }) =>
  refuseRequest(
    {
      code: "unavailable",
      publicText: "Something went wrong. Try again.",
      reason: `bug: ${error.name}`,
      retryAfterMs: 1000,
    },
    env.call,
  ),
);

function wrongMethod(call: Call, publicText: string, allow: string): Response {
  return refuseRequest({ code: "method-not-allowed", publicText, reason: "method" }, call, undefined, { allow });
}
