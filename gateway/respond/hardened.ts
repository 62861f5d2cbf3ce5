/** The headers of every answer, errors and probes too: it is data for one caller, never a page, and nobody keeps it. */
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

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
