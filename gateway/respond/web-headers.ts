/** The headers for browsers: which web pages may read answers (CORS), and how every response is secured. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";

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

/** CORS for these origins, preflights included. Never with credentials: a key is a header that the page sends itself. */
export function allowWebOrigins(origins: WebOrigins): MiddlewareHandler {
  if (origins.length === 0) return (_, next) => next();
  return cors({
    origin: origins === "*" ? "*" : [...origins],
    allowMethods: ["POST"],
    // Empty: every header that a preflight asks for. Web frameworks and error trackers add headers, such as baggage and sentry-trace;
    // the gateway ignores those that it does not know, and cookies are never accepted.
    allowHeaders: [],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
}

const secured = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  // With CORS too: this header is about embedding without CORS, which no client needs.
  crossOriginResourcePolicy: "same-origin",
  referrerPolicy: "no-referrer",
  // Only this host: the gateway does not know about its subdomains.
  strictTransportSecurity: "max-age=31536000",
  xContentTypeOptions: true,
  // For pages and plugins; a response of this API is neither.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/**
 * Secures every response, errors and probes included: it is data for one caller, never a page, and no cache keeps it. It must be the
 * outermost middleware, so that it also sees the responses of notFound and onError.
 */
export const securityHeaders: MiddlewareHandler = (context, next) =>
  secured(context, async () => {
    await next();
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.delete("server");
  });
