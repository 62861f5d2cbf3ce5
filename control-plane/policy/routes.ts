/** `/v1/policy`: the stored policy for programs. Every change names the version that it was made from. */
import { Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";
import { historyRowJson, historyRows } from "../../policies/versions/history-rows.ts";
import { readJsonBody } from "../json-body.ts";
import type { Role } from "../operator.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import { refuse } from "../refuse.ts";
import { rollBackPolicy, savePolicy } from "./checked-changes.ts";
import { checkedDocument, type PresentPolicy, type SaveResult } from "./present-policy.ts";

export const MAX_AUTHOR_LENGTH = 300;
export const MAX_MESSAGE_LENGTH = 300;

const expectedVersion = z
  .union([z.string(), z.int()])
  .transform(String)
  .describe("The version's name, as in GET /v1/policy: that from which the change was made.");
const savedBy = {
  author: z.string().trim().min(1).max(MAX_AUTHOR_LENGTH).default("operator"),
  message: z.string().max(MAX_MESSAGE_LENGTH).nullable().default(null),
};
const jsonObject = z.record(z.string(), z.json());
const editSchema = z.strictObject({ document: jsonObject, expectedVersion, ...savedBy });
const rollbackSchema = z.strictObject({
  version: z.union([z.string(), z.int()]).transform(String),
  expectedVersion,
  ...savedBy,
});

const ALLOWED = { "/v1/policy": "GET, HEAD, PUT", "/v1/policy/history": "GET, HEAD", "/v1/policy/rollback": "POST" };

/** @param only middleware that lets a role pass */
export function policyRoutes(only: (role: Role) => MiddlewareHandler<{ Bindings: Env }>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();

  app.get("/v1/policy", only("reader"), async ({ env }) => Response.json(policyJson(await rootOf(env).policy())));

  app.get("/v1/policy/history", only("reader"), async ({ env }) =>
    Response.json({ versions: historyRows(await rootOf(env).policyHistory()).map(historyRowJson) }),
  );

  app.put("/v1/policy", only("operator"), async ({ env, req }) => {
    const body = await readJsonBody(req.raw, editSchema);
    if (!body.ok) return body.response;
    const { document, expectedVersion: expected, ...by } = body.value;
    const checked = checkedDocument(JSON.stringify(document));
    if (!checked.ok) return answerOf({ is: "invalid", problems: checked.problems });
    const key = crypto.randomUUID();
    return answerOf(await savePolicy(env, { document: checked.document, expected, key, ...by }));
  });

  app.post("/v1/policy/rollback", only("operator"), async ({ env, req }) => {
    const body = await readJsonBody(req.raw, rollbackSchema);
    if (!body.ok) return body.response;
    const { version: to, expectedVersion: expected, ...by } = body.value;
    return answerOf(await rollBackPolicy(env, { to, expected, key: crypto.randomUUID(), ...by }));
  });

  for (const [path, allow] of Object.entries(ALLOWED)) {
    app.all(path, () => refuse("method-not-allowed", `Use ${allow.replace("GET, HEAD", "GET")}.`, { allow }));
  }
  return app;
}

function rootOf({ LEDGER }: Env) {
  return LEDGER.get(LEDGER.idFromName(ROOT_NAME));
}

/** What `GET /v1/policy` answers. */
export function policyJson({ name, version, text, problems, inForce, author, message, timeIso }: PresentPolicy) {
  const checked = checkedDocument(text ?? "{}");
  const ofInForce = checkedDocument(inForce.text ?? "{}");
  return {
    name,
    version,
    /** The stored document; null when nothing is stored, or it does not parse. */
    document: text !== null && checked.ok ? checked.document : null,
    text,
    parses: checked.ok,
    problems,
    /** What gateways use; another version than the stored one where that one has problems. An edit starts from its document. */
    inForce: {
      name: inForce.name,
      version: inForce.version,
      document: ofInForce.ok ? ofInForce.document : null,
      text: inForce.text,
    },
    author,
    message,
    time: timeIso,
  };
}

/** A conflict has the version that is stored now, with its author. */
function answerOf(result: SaveResult): Response {
  switch (result.is) {
    case "saved":
      return Response.json(policyJson(result.present));
    case "conflict":
      return refuse("conflict", result.problem, {}, { present: policyJson(result.present) });
    case "invalid":
      return refuse(
        "unprocessable",
        `${result.problems.join("; ")}. Nothing was saved.`,
        {},
        { problems: result.problems },
      );
    case "refused":
      return refuse("unprocessable", result.problem);
    case "unconfirmed":
      return refuse("unavailable", result.problem, { "retry-after": "10" });
  }
}
