/** Routes of the control plane, for the operator only. */
import { Hono, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { authorize } from "./operator.ts";
import { type Env, ROOT_NAME } from "./ports.ts";
import { parseTimeRange } from "./time-range.ts";

/** The codes of errors, as the gateway has them, with their status. */
const STATUS = {
  malformed: 400,
  unauthorized: 401,
  "not-found": 404,
  "method-not-allowed": 405,
  unavailable: 503,
} as const;

const RETRY_AFTER_SECONDS = "1";

/** An answer is for one operator: no page may embed it, and no cache keeps it. */
const secured = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  referrerPolicy: "no-referrer",
  strictTransportSecurity: "max-age=31536000",
});

const requireOperator: MiddlewareHandler<{ Bindings: Env }> = async ({ env, req }, next) => {
  const authorized = authorize(req.raw.headers, env);
  if (authorized.is === "operator") return next();
  if (authorized.is === "misconfigured") {
    console.error(authorized.problem);
    return refuse("unavailable", "The control plane is misconfigured. Operators: see the Worker log.");
  }
  const what = authorized.is === "wrong" ? "Wrong operator token" : "The ledger is for the operator";
  return refuse("unauthorized", `${what}. Send the token as \`Authorization: Bearer <token>\`.`, {
    "www-authenticate": 'Bearer realm="spillway"',
  });
};

/** The path as it was sent. */
export const app = new Hono<{ Bindings: Env }>({ getPath: ({ url }) => new URL(url).pathname });

app.use(secured, async (context, next) => {
  await next();
  context.res.headers.set("cache-control", "no-store");
});

app.get("/healthz", ({ json }) => json({ status: "ok" }));

app.get("/v1/ledger", requireOperator, async ({ env, req, json }) => {
  const parsed = parseTimeRange(new URL(req.url).searchParams, Date.now());
  if (!parsed.ok) return refuse("malformed", parsed.problem);
  return json(await env.LEDGER.get(env.LEDGER.idFromName(ROOT_NAME)).query(parsed.range));
});

for (const path of ["/healthz", "/v1/ledger"]) {
  app.all(path, () => refuse("method-not-allowed", "Use GET.", { allow: "GET, HEAD" }));
}

app.notFound(() => refuse("not-found", "The endpoint is GET /v1/ledger."));

/** A ledger that does not answer, or a bug. */
app.onError((error) => {
  console.error(`The ledger did not answer: ${String(error)}`);
  return refuse("unavailable", "The ledger does not answer. Try again.", { "retry-after": RETRY_AFTER_SECONDS });
});

/** An error in the gateway's shape. */
function refuse(code: keyof typeof STATUS, error: string, headers: Record<string, string> = {}): Response {
  const id = crypto.randomUUID();
  return Response.json(
    { error, error_type: code, request_id: id },
    { status: STATUS[code], headers: { "x-request-id": id, ...headers } },
  );
}
