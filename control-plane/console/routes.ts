/** The console's pages and forms. Everything but the sign-in needs a session; every change needs the operator's. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import { accessIn, isOfThisMachine, type LockOut } from "../operator.ts";
import { refuse } from "../refuse.ts";
import { type ConsoleContext, type ConsoleEnv, pageOf } from "./context.ts";
import { rangeNamed } from "./facts.ts";
import { gatherFacts } from "./gather-facts.ts";
import { keyRoutes } from "./keys-page.ts";
import { layout, plainPage } from "./layout.ts";
import { answerLive, etagOf, partsMarkup } from "./live.ts";
import { modelRoutes } from "./models-page.ts";
import { overviewParts, rangeLinks } from "./overview.ts";
import { policyRoutes } from "./policy-page.ts";
import { rolloutRoutes } from "./rollouts-page.ts";
import { sessionOf } from "./session.ts";
import { misconfigured, signInRoutes } from "./sign-in.ts";

/** A policy of the largest size, as a form encodes it. */
const MAX_FORM_BYTES = 256 * 1024;

export function consoleRoutes(lockOut: LockOut): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.use(csrf());
  routes.use(
    bodyLimit({
      maxSize: MAX_FORM_BYTES,
      onError: (context) =>
        context.html(plainPage("The form is too large", html`<p>A policy has at most 64 kB.</p>`), 413),
    }),
  );
  routes.route("/", signInRoutes(lockOut));
  routes.use(async (context, next) => {
    const refused = await withSession(context);
    return refused ?? next();
  });

  routes.get("/", async (context) => {
    const range = rangeNamed(context.req.query("range"));
    const facts = await gatherFacts(context.env, range, Date.now());
    const parts = overviewParts(facts);
    const live = { url: `/live?range=${range.id}`, etag: await etagOf(parts) };
    const content = html`<div class="columns">${partsMarkup(parts)}</div>`;
    return context.html(
      layout({ ...pageOf(context), title: "Overview", path: "/", live, aside: rangeLinks(facts) }, content),
    );
  });

  routes.get("/live", async (context) => {
    const facts = await gatherFacts(context.env, rangeNamed(context.req.query("range")), Date.now());
    return answerLive(context, overviewParts(facts));
  });

  routes.route("/rollouts", rolloutRoutes());
  routes.route("/policy", policyRoutes());
  routes.route("/models", modelRoutes());
  routes.route("/keys", keyRoutes());
  routes.all("*", (context) =>
    context.html(plainPage("There is no such page", html`<p><a href="/">To the overview</a></p>`), 404),
  );

  routes.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    console.error(`A page of the console failed: ${String(error)}`);
    if (context.req.path.endsWith("/live")) return refuse("unavailable", "The ledger does not answer.");
    const sentence = html`<p>The ledger does not answer. Callers are not affected. Reload the page; the Worker log has the reason.</p>`;
    return context.html(plainPage("The page cannot be shown now", sentence), 503);
  });
  return routes;
}

/** Null if the request has a session, which is set then. */
async function withSession(context: ConsoleContext): Promise<Response | null> {
  const access = accessIn(context.env);
  if (access.is === "misconfigured") return misconfigured(context, access.problem);
  if (access.is === "open") {
    if (!isOfThisMachine(context.req.raw)) {
      const sentence = html`<p>Without <code>OPERATOR_TOKEN</code>, the console answers only to 127.0.0.1 and localhost.</p>`;
      return context.html(plainPage("The console is for this machine only", sentence), 403);
    }
    context.set("session", { role: "operator", untilMs: null });
    return null;
  }
  const session = await sessionOf(context, access.digests, Date.now());
  if (session === null) return signInFirst(context);
  context.set("session", session);
  return null;
}

function signInFirst(context: ConsoleContext): Response | Promise<Response> {
  const { method, path, url } = context.req;
  if (path.endsWith("/live") || path.endsWith("/check"))
    return refuse("unauthorized", "The session has ended. Sign in again.");
  if (method !== "GET") {
    const sentence = html`<p>Nothing was changed. Sign in in another tab, then go back and send the form again.</p>
<p><a href="/sign-in" target="_blank">Sign in</a></p>`;
    return context.html(plainPage("The session has ended", sentence), 401);
  }
  const { pathname, search } = new URL(url);
  return context.redirect(`/sign-in?next=${encodeURIComponent(pathname + search)}`, 303);
}
