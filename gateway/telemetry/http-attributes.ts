/** HTTP's semantic conventions for SERVER and CLIENT spans. Pure. https://opentelemetry.io/docs/specs/semconv/http/ */
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

/** The method, or the convention's `_OTHER`: the caller chose an unknown one, and could have written anything. */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "_OTHER";
}

/**
 * The path of a request's URL, as it was sent. The runtime has parsed the URL, so its text is normal and need not be parsed again.
 * @param url absolute, with `http:` or `https:`
 */
export function pathIn(url: string): string {
  const from = url.indexOf("/", "https://".length);
  const to = url.slice(from).search(/[?#]/);
  return to === -1 ? url.slice(from) : url.slice(from, from + to);
}

export type PublicHost = { ok: true; host: string | null } | { ok: false; problem: string };

/** @param variable PUBLIC_HOST; unset or empty means none */
export function parsePublicHost(variable: string | undefined): PublicHost {
  const host = variable?.trim().toLowerCase() ?? "";
  if (host === "") return { ok: true, host: null };
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host)) return { ok: true, host };
  const shown = JSON.stringify(host.slice(0, 40));
  return {
    ok: false,
    problem: `PUBLIC_HOST is ${shown}; it must be a host name without scheme and port, as in classify.example.com`,
  };
}

/** What a caller may have in a trace of the addresses that it chose. */
export interface PublicNames {
  routes: readonly string[];
  /** Null for no host name. */
  publicHost: string | null;
}

/**
 * Attributes of a request that the gateway serves. A path outside `routes` and another host than `publicHost` are left out, as are the
 * query, the user agent, addresses and headers. A value of undefined removes what otel-cf-workers has set under that key.
 */
export function serverAttributes(method: string, requestUrl: string, { routes, publicHost }: PublicNames): Attributes {
  const url = new URL(requestUrl);
  const route = routes.includes(url.pathname) ? url.pathname : undefined;
  const isPublic = url.hostname === publicHost;
  return {
    ...addressed(method, url),
    ...(!isPublic && { "server.address": undefined, "server.port": undefined }),
    "http.route": route,
    "url.path": route,
  };
}

/** Attributes of a call that the gateway makes. Its address is configuration, so the path may be exported. The query may not. */
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
