/** Routes, request id, last-resort error handler; no logic. */
import { Hono } from "hono";
import { ready } from "./ready.ts";
import { requestCostUsd } from "./record/cost.ts";
import { record } from "./record/record.ts";
import type { Refusal } from "./refusal.ts";
import { refuse } from "./respond/refuse.ts";
import { serve } from "./serve.ts";
import type { Call, World } from "./world.ts";

interface Context {
  Bindings: { world: World; call: Call };
}

/** The paths that may appear in a trace; any other could hold a caller's text. */
export const ROUTES: readonly string[] = ["/v1/classify"];
/** Asked by machines every few seconds; not traced. */
export const PROBES: readonly string[] = ["/healthz", "/readyz"];

export const app = new Hono<Context>();

app.get("/healthz", (context) => context.json({ status: "ok" }));

app.get("/readyz", async (context) => {
  const { world, call } = context.env;
  const said = await ready(context.req.raw, world, call);
  return said.ok ? context.json(said.value.body, said.value.status) : no(call, said.refusal);
});

app.post("/v1/classify", (context) => serve(context.req.raw, context.env.world, context.env.call));

app.all("/v1/classify", (context) =>
  no(
    context.env.call,
    {
      code: "method-not-allowed",
      publicText: "Use POST with a JSON body.",
      reason: "method",
    },
    { allow: "POST" },
  ),
);

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
    costUsd: requestCostUsd(0),
  });
  return response;
}
