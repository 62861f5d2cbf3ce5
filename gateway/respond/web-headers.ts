/** Pure. Which web pages may read answers, from the variable CORS_ORIGINS. A value that cannot be obeyed is never half obeyed. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";

/** Nobody where the list is empty. */
export type CorsOrigins = readonly string[] | "*";

export type CorsSetting = { ok: true; origins: CorsOrigins } | { ok: false; problem: string };

/** "*", or origins with commas between; nothing means off. */
export function parseCorsOrigins(text: string | undefined): CorsSetting {
  if (text === undefined || text.trim() === "") return { ok: true, origins: [] };
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.length === 1 && entries[0] === "*") return { ok: true, origins: "*" };
  const problems = entries.map(problemOf).filter((problem) => problem !== null);
  if (problems.length > 0) return { ok: false, problem: `CORS_ORIGINS: ${problems.join("; ")}` };
  return { ok: true, origins: [...new Set(entries)] };
}

const ALLOWED = 'exact origins such as "https://app.example" with commas between, or "*" alone';

/** Browsers send an origin as it is compared here, letter by letter. */
function problemOf(entry: string): string | null {
  const seen = JSON.stringify(entry);
  const url = URL.canParse(entry) ? new URL(entry) : null;
  const isWeb = url !== null && ["http:", "https:"].includes(url.protocol) && !url.hostname.includes("*");
  if (!isWeb) return `${seen} is not allowed; must be ${ALLOWED}`;
  return url.origin === entry ? null : `${seen} is not an origin; did you mean ${JSON.stringify(url.origin)}?`;
}

/** CORS: off unless the deployment names who may read answers. Never with credentials: a key is a header that a page sends itself. */

/** A browser asks again after so long. */
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

/** Lets pages of these origins read what comes after it, and answers their preflights. */
export function crossOrigin(origins: CorsOrigins): MiddlewareHandler {
  if (origins.length === 0) return (_, next) => next();
  return cors({
    origin: origins === "*" ? "*" : [...origins],
    allowMethods: ["POST"],
    allowHeaders: ["content-type", "authorization", "x-api-key", "traceparent", "tracestate"],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
}

/** The headers of every answer, errors and probes too: it is data for one caller, never a page, and nobody keeps it. */

const secured = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // Also where CORS is on: it is about embedding without asking, which nobody needs, and not about fetch() with CORS.
  crossOriginResourcePolicy: "same-origin",
  referrerPolicy: "no-referrer",
  // Of this host alone: what its subdomains speak is not the gateway's to say.
  strictTransportSecurity: "max-age=31536000",
  xContentTypeOptions: true,
  // About pages and plugins of long ago.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/** To be the outermost, so that it sees what notFound and onError make too. */
export const hardened: MiddlewareHandler = (context, next) =>
  secured(context, async () => {
    await next();
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.delete("server");
  });
