/** Routes, request id, last-resort error handler; no logic. */
import { Hono, type MiddlewareHandler } from "hono";
import { requestCostUsd } from "./dispatch/cost.ts";
import { ready } from "./readyz.ts";
import { record } from "./record/record.ts";
import type { Refusal } from "./refusal.ts";
import { identity, refuse } from "./respond/refuse.ts";
import { crossOrigin, hardened } from "./respond/web-headers.ts";
import { serve } from "./serve.ts";
import type { Call, World } from "./world.ts";

interface Context {
  Bindings: { world: World; call: Call };
}

/** The paths that may appear in a trace; any other could hold a caller's text. */
export const ROUTES: readonly string[] = ["/v1/classify"];
/** Asked by machines every few seconds; not traced. */
export const PROBES: readonly string[] = ["/healthz", "/readyz"];

/** A deployment whose settings cannot be obeyed serves nobody: half obeyed it would be overlooked. /readyz says why. */
const configured: MiddlewareHandler<Context> = async ({ env }, next) => {
  if (env.world.misconfigured.length === 0) return next();
  return no(env.call, {
    code: "unavailable",
    publicText: "The gateway is not set up rightly. Its operator finds the reason in /readyz and in its log.",
    reason: "misconfigured",
    retryAfterMs: 60_000,
  });
};

/** Hono passes on to onError what is an Error; anything else that is thrown would leave as the runtime's own page. */
const onlyErrors: MiddlewareHandler = async (_, next) => {
  try {
    await next();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error("something else than an error was thrown");
  }
};

/** The path as it was sent: `/v1/%63lassify` is another one, here as in a trace. */
export const app = new Hono<Context>({ getPath: ({ url }) => new URL(url).pathname });

app.use(hardened);
app.use(onlyErrors);
app.use("/v1/classify", configured, (context, next) => crossOrigin(context.env.world.corsOrigins)(context, next));

app.get("/healthz", (context) => context.json({ status: "ok" }, 200, identity(context.env.call)));

app.get("/readyz", async (context) => {
  const { world, call } = context.env;
  const said = await ready(context.req.raw, world, call);
  return said.ok ? context.json(said.value.body, said.value.status, identity(call)) : no(call, said.refusal);
});

app.post("/v1/classify", (context) => serve(context.req.raw, context.env.world, context.env.call));

app.all("/v1/classify", ({ env }) => wrongMethod(env.call, "Use POST with a JSON body.", "POST"));
for (const path of PROBES) app.all(path, ({ env }) => wrongMethod(env.call, "Use GET.", "GET, HEAD"));

app.notFound((context) =>
  no(context.env.call, {
    code: "not-found",
    publicText: "The endpoint is POST /v1/classify.",
    reason: "path",
  }),
);

/** Only bugs come here. */
app.onError((error, context) =>
  no(context.env.call, {
    code: "unavailable",
    publicText: "Something went wrong. Try again.",
    reason: `bug: ${error.name}`,
    retryAfterMs: 1000,
  }),
);

function wrongMethod(call: Call, publicText: string, allow: string): Response {
  return no(call, { code: "method-not-allowed", publicText, reason: "method" }, { allow });
}

function no(call: Call, refusal: Refusal, headers: Record<string, string> = {}): Response {
  const response = refuse(refusal, call, headers);
  const { code, reason } = refusal;
  record({
    requestId: call.requestId,
    status: response.status,
    policyVersion: null,
    policyProblem: null,
    edgeProblem: null,
    refusal: { code, reason },
    inputs: [],
    ownCostUsd: requestCostUsd(0),
    costUsd: requestCostUsd(0),
  });
  return response;
}
