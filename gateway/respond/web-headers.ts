/** Which web pages may read answers (CORS). */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { SECURITY_HEADERS } from "./json-response.ts";

/** The web pages that may read answers: no page if the list is empty. */
export type WebOrigins = readonly string[] | "*";

export type WebOriginsSetting = { ok: true; origins: WebOrigins } | { ok: false; problem: string };

/** Reads the variable CORS_ORIGINS: "*", or exact origins separated by commas; empty or unset means off. */
export function parseWebOrigins(text: string | undefined): WebOriginsSetting {
  if (text === undefined || text.trim() === "") return { ok: true, origins: [] };
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.length === 1 && entries[0] === "*") return { ok: true, origins: "*" };
  const problems = entries.map(problemOf).filter((problem) => problem !== null);
  if (problems.length > 0) return { ok: false, problem: `CORS_ORIGINS: ${problems.join("; ")}` };
  return { ok: true, origins: [...new Set(entries)] };
}

const ALLOWED = 'exact origins such as "https://app.example", separated by commas, or only "*"';

/** Browsers send an origin in exactly this form; it is compared byte for byte. */
function problemOf(entry: string): string | null {
  const seen = JSON.stringify(entry);
  const url = URL.canParse(entry) ? new URL(entry) : null;
  const isWeb = url !== null && ["http:", "https:"].includes(url.protocol) && !url.hostname.includes("*");
  if (!isWeb) return `${seen} is not allowed; must be ${ALLOWED}`;
  return url.origin === entry ? null : `${seen} is not an origin; did you mean ${JSON.stringify(url.origin)}?`;
}

/** How long a browser may cache a preflight. */
const PREFLIGHT_SECONDS = 600;

const EXPOSED = [
  "x-spillway-route",
  "x-spillway-because",
  "x-spillway-policy",
  "x-spillway-model",
  "x-request-id",
  "retry-after",
  "server-timing",
  "traceresponse",
];

/** CORS for these origins, of which there is at least one, preflights included. Never with credentials: a key is a header that the page sends itself. */
export function allowWebOrigins(origins: WebOrigins): MiddlewareHandler {
  const allow = cors({
    origin: origins === "*" ? "*" : [...origins],
    allowMethods: ["POST"],
    // Empty: every header that a preflight asks for. Web frameworks and error trackers add headers, such as baggage and sentry-trace;
    // the gateway ignores those that it does not know, and cookies are never accepted.
    allowHeaders: [],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
  return async (context, next) => {
    const preflight = await allow(context, next);
    return preflight && new Response(null, { status: preflight.status, headers: [...preflight.headers, ...SECURED] });
  };
}

const SECURED = Object.entries(SECURITY_HEADERS);
