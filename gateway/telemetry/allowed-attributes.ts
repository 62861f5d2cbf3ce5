/**
 * The attributes that may be exported with a span or a log record. otel-cf-workers puts full URLs, user agents, network data and
 * exception messages on its spans; only listed keys pass, and only values that are short and plain. Pure.
 */
import type * as api from "@opentelemetry/api";
import { type AttributeValue, anyValue, type KeyValue } from "../../formats/otlp/attributes.ts";
import { isPlainValue } from "../../formats/otlp/plain.ts";

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
const MAX_LIST_ITEMS = 64;

/**
 * The attributes with a listed key or the prefix `spillway.`, and with a plain value or a list of up to 64 plain values, in OTLP's form.
 * One pass without copies between: it runs for every span.
 */
export function allowedAttributes(attributes: api.Attributes): KeyValue[] {
  const allowed: KeyValue[] = [];
  for (const key in attributes) {
    if (!key.startsWith(OWN_PREFIX) && !SEMANTIC_KEYS.has(key)) continue;
    const value = attributes[key];
    if (!isPlain(value)) continue;
    const any = anyValue(value);
    if (any !== null) allowed.push({ key, value: any });
  }
  return allowed;
}

function isPlain(value: api.AttributeValue | undefined): value is AttributeValue & api.AttributeValue {
  return Array.isArray(value) ? value.length <= MAX_LIST_ITEMS && value.every(isPlainValue) : isPlainValue(value);
}
