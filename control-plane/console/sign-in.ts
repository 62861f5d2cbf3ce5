/** Sign-in and sign-out. */
import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { accessIn, checkToken, type LockOut } from "../operator.ts";
import type { Env } from "../ports.ts";
import { plainPage } from "./layout.ts";
import { endSession, startSession } from "./session.ts";

/** A page of the console, with the parameters that pages have. */
const NEXT = /^\/[a-z0-9/-]*(\?[a-z0-9=&-]*)?$/i;

/** `/sign-in` and `/sign-out`, which need no session. */
export function signInRoutes(lockOut: LockOut): Hono<{ Bindings: Env }> {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/sign-in", (context) => {
    const { env } = context;
    if (accessIn(env).is === "open") return context.redirect("/", 303);
    return context.html(signInPage(nextOf(context.req.query("next")), null));
  });

  routes.post("/sign-in", async (context) => {
    const { env, req } = context;
    const access = accessIn(env);
    if (access.is === "open") return context.redirect("/", 303);
    if (access.is === "misconfigured") return misconfigured(context, access.problem);
    const form = await req.parseBody();
    const next = nextOf(form["next"]);
    const token = typeof form["token"] === "string" ? form["token"].trim() : "";
    const nowMs = Date.now();
    const { digests } = access;
    const check = { headers: req.raw.headers, digests, limiter: env.FAILED_AUTH, lockOut, nowMs };
    const checked = await checkToken(token, check);
    if (checked.is === "locked-out") {
      const seconds = Math.ceil(checked.leftMs / 1000);
      context.header("retry-after", String(seconds));
      const problem = `Too many wrong tokens from this address. Sign-in is blocked for ${seconds} s; sessions that have begun continue.`;
      return context.html(signInPage(next, problem), 429);
    }
    if (checked.is === "wrong") {
      return context.html(signInPage(next, "Wrong token. Use OPERATOR_TOKEN, or READ_ONLY_TOKEN to look only."), 401);
    }
    await startSession(context, checked.is, digests[checked.is] ?? "", nowMs);
    return context.redirect(next, 303);
  });

  routes.post("/sign-out", (context) => {
    endSession(context);
    return context.redirect("/sign-in", 303);
  });
  return routes;
}

/** 503, with the reason in the log only. */
export function misconfigured(context: Context, problem: string): Response | Promise<Response> {
  console.error(problem);
  const sentence = html`<p>Operators: the reason is in the Worker log. No token can be right until it is fixed.</p>`;
  return context.html(plainPage("The control plane is misconfigured", sentence), 503);
}

/** Never another host: a link could lead to a page that imitates this one. */
function nextOf(given: unknown): string {
  return typeof given === "string" && NEXT.test(given) && !given.startsWith("//") ? given : "/";
}

function signInPage(next: string, problem: string | null) {
  const notice = problem === null ? "" : html`<p class="notice bad" role="alert" id="problem">${problem}</p>`;
  const described = problem === null ? "" : html` aria-describedby="problem" aria-invalid="true"`;
  return plainPage(
    "Sign in",
    html`${notice}
<form method="post" action="/sign-in" class="stack"><input type="hidden" name="next" value="${next}">
<label for="token">Operator token or read-only token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus${described}>
<button class="main">Sign in</button></form>
<p class="soft">A session lasts 12 hours, and ends at once when the token is replaced. On this machine, the token is the value of
<code>OPERATOR_TOKEN</code> with which <code>npm start</code> was started.</p>`,
  );
}
