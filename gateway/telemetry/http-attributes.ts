/** HTTP semantic conventions for the two kinds of spans that speak HTTP. Pure. https://opentelemetry.io/docs/specs/semconv/http/ */
import type { Attributes } from "@opentelemetry/api";

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
]);

/** The method, or the convention's `_OTHER`: an unknown one is a word the caller chose. */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "_OTHER";
}

/**
 * Attributes of a request served here. A path outside `routes` is left out, and so are query, user agent, addresses and
 * headers. What is undefined here wipes what otel-cf-workers has put under that key.
 */
export function serverAttributes(method: string, requestUrl: string, routes: readonly string[]): Attributes {
  const url = new URL(requestUrl);
  const route = routes.includes(url.pathname) ? url.pathname : undefined;
  return { ...addressed(method, url), "http.route": route, "url.path": route };
}

/** Attributes of a call that Spillway makes: its address is configuration, so the path may be named; a query may not. */
export function clientAttributes(method: string, requestUrl: string): Attributes {
  const url = new URL(requestUrl);
  return { ...addressed(method, url), "url.path": url.pathname };
}

function addressed(method: string, url: URL): Attributes {
  return {
    "http.request.method": knownMethod(method),
    "server.address": url.hostname,
    "server.port": url.port === "" ? undefined : Number(url.port),
    "url.scheme": url.protocol.slice(0, -1),
  };
}
