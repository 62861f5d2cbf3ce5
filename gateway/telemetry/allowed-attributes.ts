/**
 * What may leave in a span. otel-cf-workers puts full URLs, user agents, network data and exception messages on its spans;
 * here only listed keys pass, and only values too short and too plain to be somebody's text. Pure.
 */
import type * as api from "@opentelemetry/api";
import type { AttributeValue } from "../../formats/otlp/attributes.ts";

const SEMANTIC_KEYS: ReadonlySet<string> = new Set([
  "error.type",
  "faas.coldstart",
  "geo.country.iso_code",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "server.address",
  "server.port",
  "tls.protocol.version",
  "url.path",
  "url.scheme",
]);
const OWN_PREFIX = "spillway.";
const LONGEST_VALUE = 200;
const LONGEST_LIST = 64;

/** The attributes that may leave. An empty value is dropped too: receivers need not accept an attribute without one. */
export function allowedAttributes(attributes: api.Attributes): Record<string, AttributeValue> {
  const allowed: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (!SEMANTIC_KEYS.has(key) && !key.startsWith(OWN_PREFIX)) continue;
    if (value !== undefined && isPlain(value)) allowed[key] = value;
  }
  return allowed;
}

/** Printable ASCII of a bounded length: holds any name, code, version or digest, and no mail. */
export function isPlainText(value: string): boolean {
  return value.length <= LONGEST_VALUE && /^[\x20-\x7e]*$/.test(value);
}

function isPlain(value: api.AttributeValue): value is AttributeValue & api.AttributeValue {
  if (Array.isArray(value)) return value.length <= LONGEST_LIST && value.every((item) => item != null && isPlain(item));
  if (typeof value === "string") return isPlainText(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** Words of ours that may hold foreign ones, made fit to leave. Pure. */

/** Longer values are dropped whole on their way out; the start of a policy's problem is worth more than nothing. */
const LONGEST = 200;

export function plainText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, LONGEST);
}
