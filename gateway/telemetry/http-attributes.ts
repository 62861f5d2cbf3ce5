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
 * query, the user agent, addresses and headers.
 */
export function serverAttributes(method: string, requestUrl: string, { routes, publicHost }: PublicNames): Attributes {
  const path = pathIn(requestUrl);
  const route = routes.includes(path) ? path : undefined;
  // Only the host needs a parser.
  const url = publicHost === null ? null : new URL(requestUrl);
  const isPublic = url?.hostname === publicHost;
  return {
    "http.request.method": knownMethod(method),
    "url.scheme": schemeOf(requestUrl),
    ...(url !== null && isPublic && hostOf(url)),
    ...(route !== undefined && { "http.route": route, "url.path": route }),
  };
}

/** @param url absolute, with `http:` or `https:` */
export function schemeOf(url: string): "http" | "https" {
  return url.startsWith("https:") ? "https" : "http";
}

/** Attributes of a call that the gateway makes. Its address is configuration, so the path may be exported. The query may not. */
export function clientAttributes(method: string, requestUrl: string): Attributes {
  const url = new URL(requestUrl);
  return {
    "http.request.method": knownMethod(method),
    "url.scheme": url.protocol.slice(0, -1),
    ...hostOf(url),
    "url.path": url.pathname,
  };
}

function hostOf({ hostname, port }: URL): Attributes {
  return { "server.address": hostname, ...(port !== "" && { "server.port": Number(port) }) };
}
