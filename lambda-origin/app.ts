import { Hono } from "hono";
import { classify } from "./classify.ts";
import type { OriginError } from "./contract.ts";
import type { LoadedModel } from "./model.ts";
import { recordFacts, withAccount } from "./telemetry/active.ts";
import { errorType } from "./telemetry/trace.ts";

const STATUS = { malformed: 400, "too-large": 413, "model-unavailable": 503, internal: 500 } as const;

/** `POST /` and nothing else; see contract.ts for what goes in and out. */
export function createApp(loaded: LoadedModel): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const result = await classify(await context.req.text(), loaded);
    return result.ok ? Response.json(withAccount(result.answer, 200)) : refusal(result.refusal);
  });
  app.notFound(() => refusal({ error: "only POST / is served here", error_type: "malformed" }, 404));
  app.onError((error) => {
    // The name alone: a message of the tokenizer or the runtime could quote the text.
    recordFacts({ "error.type": errorType(error) });
    return refusal({ error: "internal error", error_type: "internal" });
  });
  return app;
}

function refusal(body: OriginError, status: number = STATUS[body.error_type]): Response {
  return Response.json(withAccount(body, status), { status });
}
