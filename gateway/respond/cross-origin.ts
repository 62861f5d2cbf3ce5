/** CORS: off unless the deployment names who may read answers. Never with credentials: a key is a header that a page sends itself. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { CorsOrigins } from "./cors-origins.ts";

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
