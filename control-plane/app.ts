/** Routes of the control plane: the operator's requests, by bearer token, and the console. */
import { Hono, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { consoleRoutes } from "./console/routes.ts";
import { STYLESHEET_HASH } from "./console/stylesheet.ts";
import { authorize, LockOut, type Role } from "./operator.ts";
import { policyRoutes } from "./policy/routes.ts";
import { type Env, ROOT_NAME } from "./ports.ts";
import { refuse } from "./refuse.ts";
import { rolloutRoutes } from "./rollout-routes.ts";
import { parseTimeRange } from "./time-range.ts";

const RETRY_AFTER_SECONDS = "1";

/** An answer is for one operator: no page may embed it, and no cache keeps it. A page loads only what this Worker serves, and its own stylesheet. */
const secured = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: [STYLESHEET_HASH],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  // Without a referrer, a form's `Origin` would be null, by which hono/csrf compares in older browsers.
  referrerPolicy: "same-origin",
  strictTransportSecurity: "max-age=31536000",
});

/** The app of one isolate, with the addresses that it locked out. */
export function createApp(lockOut = new LockOut()): Hono<{ Bindings: Env }> {
  /** @param role `reader` for what changes nothing */
  const only =
    (role: Role): MiddlewareHandler<{ Bindings: Env }> =>
    async ({ env, req }, next) => {
      const refused = await refusalOf(req.raw, env, role, lockOut);
      return refused ?? next();
    };

  /** The path as it was sent. */
  const app = new Hono<{ Bindings: Env }>({ getPath: ({ url }) => new URL(url).pathname });

  app.use(secured, async (context, next) => {
    await next();
    context.res.headers.set("cache-control", "no-store");
  });

  app.get("/healthz", ({ json }) => json({ status: "ok" }));

  app.get("/v1/ledger", only("reader"), async ({ env, req, json }) => {
    const parsed = parseTimeRange(new URL(req.url).searchParams, Date.now());
    if (!parsed.ok) return refuse("malformed", parsed.problem);
    return json(await env.LEDGER.get(env.LEDGER.idFromName(ROOT_NAME)).query(parsed.range));
  });

  app.get("/v1/key-uses", only("reader"), async ({ env, json }) =>
    json(await env.LEDGER.get(env.LEDGER.idFromName(ROOT_NAME)).keyUses()),
  );

  for (const path of ["/healthz", "/v1/ledger", "/v1/key-uses"]) {
    app.all(path, () => refuse("method-not-allowed", "Use GET.", { allow: "GET, HEAD" }));
  }

  app.route("/", policyRoutes(only));
  app.route("/", rolloutRoutes(only));
  app.all("/v1/*", () =>
    refuse("not-found", "The endpoints are /v1/ledger, /v1/key-uses, /v1/policy and /v1/rollouts."),
  );
  app.route("/", consoleRoutes(lockOut));

  /** A ledger that does not answer, or a bug. */
  app.onError((error) => {
    console.error(`The ledger did not answer: ${String(error)}`);
    return refuse("unavailable", "The ledger does not answer. Try again.", { "retry-after": RETRY_AFTER_SECONDS });
  });
  return app;
}

/** Null for a request that may be obeyed. */
async function refusalOf(request: Request, env: Env, role: Role, lockOut: LockOut): Promise<Response | null> {
  const authorized = await authorize(request, env, lockOut, Date.now());
  switch (authorized.is) {
    case "operator":
      return null;
    case "reader":
      if (role === "reader") return null;
      return refuse("forbidden", "The read-only token changes nothing. Send the operator's token.");
    case "misconfigured":
      console.error(authorized.problem);
      return refuse("unavailable", "The control plane is misconfigured. Operators: see the Worker log.");
    case "foreign":
      return refuse(
        "forbidden",
        "Without OPERATOR_TOKEN, only programs and pages of this machine are accepted, by 127.0.0.1 or localhost.",
      );
    case "locked-out": {
      const seconds = Math.ceil(authorized.leftMs / 1000);
      const error = `Too many wrong tokens from this address. Retry after ${seconds} seconds.`;
      return refuse("rate-limited", error, { "retry-after": String(seconds) });
    }
    default: {
      const what = authorized.is === "wrong" ? "Wrong operator token" : "The control plane is for the operator";
      return refuse("unauthorized", `${what}. Send the token as \`Authorization: Bearer <token>\`.`, {
        "www-authenticate": 'Bearer realm="spillway"',
      });
    }
  }
}
