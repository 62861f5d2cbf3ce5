/** OTLP's environment variables, parsed. Pure: no I/O, no clock. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */

export type HttpHeaders = Readonly<Record<string, string>>;

/** The URL for traces under a base endpoint; undefined where nothing usable is configured, which turns exporting off. */
export function tracesUrl(endpoint: string | undefined): string | undefined {
  if (!endpoint?.trim() || !URL.canParse(endpoint)) return undefined;
  const url = new URL(endpoint);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}

/** `key=value,key=value` with percent-encoded values (W3C Baggage form); entries that do not parse are skipped. */
export function parseOtlpHeaders(list: string | undefined): HttpHeaders {
  const headers: Record<string, string> = {};
  for (const entry of (list ?? "").split(",")) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) continue;
    headers[name] = decoded(entry.slice(equals + 1).trim());
  }
  return headers;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
