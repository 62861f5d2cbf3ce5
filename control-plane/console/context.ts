/** What the handlers of pages have: the session, and what it may do. */
import type { Context } from "hono";
import { html } from "hono/html";
import type { Env } from "../ports.ts";
import { type Page, plainPage, type Session } from "./layout.ts";

export interface ConsoleEnv {
  Bindings: Env;
  Variables: { session: Session };
}
export type ConsoleContext = Context<ConsoleEnv>;

/** What every page of a session has. */
export function pageOf({ get, env }: ConsoleContext): Pick<Page, "session" | "tracePages"> {
  const pages = (env.TRACE_PAGES ?? "").split(",").map((one) => one.trim());
  return { session: get("session"), tracePages: pages.filter((one) => /^https?:\/\//.test(one)) };
}

/** Null for the operator; the answer to a reader who sends a change, which no page offers. */
export function refusedToReader(context: ConsoleContext): Response | Promise<Response> | null {
  if (context.get("session").role === "operator") return null;
  const sentence = html`<p>Nothing was changed. Sign in with the operator's token to change something.</p><p><a href="/">To the overview</a></p>`;
  return context.html(plainPage("The read-only token changes nothing", sentence), 403);
}

/** Why a reader cannot press a button; null for the operator. */
export function readerRefusal({ role }: Session): string | null {
  return role === "operator" ? null : "Read-only token: sign in with the operator's token to change this.";
}
