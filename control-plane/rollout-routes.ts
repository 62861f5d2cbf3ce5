/** `/v1/rollouts`: rollouts for programs, such as `spillway rollout`. */
import { Hono, type MiddlewareHandler } from "hono";
import * as z from "zod";
import { readJsonBody } from "./json-body.ts";
import type { Role } from "./operator.ts";
import { startRollout } from "./policy/checked-changes.ts";
import { type Env, ROOT_NAME } from "./ports.ts";
import { refuse } from "./refuse.ts";
import { byName, type ChangeAnswer, startSchema } from "./rollout-port.ts";

const CHANGES = ["pause", "resume", "abort"] as const;
const changeSchema = z.strictObject({ author: byName });
const ID = /^[1-9]\d{0,8}$/;

/** @param only middleware that lets a role pass */
export function rolloutRoutes(only: (role: Role) => MiddlewareHandler<{ Bindings: Env }>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();

  app.get("/v1/rollouts", only("reader"), async ({ env }) => Response.json(await rootOf(env).rollouts()));

  app.get("/v1/rollouts/:id", only("reader"), async ({ env, req }) => {
    const [id, before] = [req.param("id"), req.query("before")];
    if (before !== undefined && !ID.test(before))
      return refuse("malformed", `before is ${JSON.stringify(before)}; the number of a look is allowed.`);
    const found = ID.test(id)
      ? await rootOf(env).rollout(Number(id), before === undefined ? null : Number(before))
      : null;
    return found === null
      ? refuse("not-found", "No rollout has this number. GET /v1/rollouts lists them.")
      : Response.json(found);
  });

  app.post("/v1/rollouts", only("operator"), async ({ env, req }) => {
    const body = await readJsonBody(req.raw, startSchema);
    return body.ok ? answerOf(await startRollout(env, body.value), 201) : body.response;
  });

  for (const change of CHANGES) {
    app.post(`/v1/rollouts/current/${change}`, only("operator"), async ({ env, req }) => {
      const body = await readJsonBody(req.raw, changeSchema);
      return body.ok ? answerOf(await rootOf(env).changeRollout(change, body.value.author), 200) : body.response;
    });
    app.all(`/v1/rollouts/current/${change}`, () => refuse("method-not-allowed", "Use POST.", { allow: "POST" }));
  }

  app.all("/v1/rollouts", () => refuse("method-not-allowed", "Use GET or POST.", { allow: "GET, HEAD, POST" }));
  app.all("/v1/rollouts/:id", () => refuse("method-not-allowed", "Use GET.", { allow: "GET, HEAD" }));
  return app;
}

function rootOf({ LEDGER }: Env) {
  return LEDGER.get(LEDGER.idFromName(ROOT_NAME));
}

function answerOf(answer: ChangeAnswer, status: 200 | 201): Response {
  switch (answer.is) {
    case "changed":
      return Response.json({ rollout: answer.rollout }, { status });
    case "conflict":
      return refuse("conflict", answer.problem);
    case "invalid":
      return refuse("unprocessable", answer.problem);
  }
}
