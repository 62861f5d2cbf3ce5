/**
 * Spans that an origin returned in its answer instead of exporting them. They pass rules that are stricter than those for the
 * gateway's own spans, as an origin could write anything. Pure.
 */
import type { SpanContext } from "@opentelemetry/api";
import type { OriginSpan, OriginTrace } from "../../formats/origin-wire.ts";
import { type Attributes, type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";
import type { SpanMessage } from "../../formats/otlp/messages.ts";
import { SPAN_KIND, STATUS, spanMessage } from "../../formats/otlp/span-message.ts";

/** In OTLP's form, below the origin's resource. */
export interface OriginSpans {
  /** Resource attributes. */
  resource: KeyValue[];
  spans: SpanMessage[];
}

/** The keys whose values may be words. Under Spillway's other keys only numbers and flags pass, and under any other nothing does. */
const WORD_KEYS: ReadonlySet<string> = new Set([
  "cloud.account.id",
  "cloud.platform",
  "cloud.provider",
  "cloud.region",
  "cloud.resource_id",
  "error.type",
  "faas.instance",
  "faas.invocation_id",
  "faas.name",
  "faas.trigger",
  "faas.version",
  "http.request.method",
  "http.route",
  "service.name",
  "service.version",
  "spillway.model",
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "url.path",
  "url.scheme",
]);
const NUMBER_KEYS: ReadonlySet<string> = new Set([
  "faas.coldstart",
  "faas.init_duration",
  "faas.max_memory",
  "http.response.status_code",
]);
const OWN_KEY = /^spillway\.[a-z0-9._]{1,60}$/;

/** A name or a digest, as in `2026/11/24/[$LATEST]0f3c…` or `mail-tagger@9f2c…`. It has no spaces, so it holds no sentence. */
const WORD = /^[\w$.:@/[\]-]{1,128}$/;
/** `POST /`, `tokenize`, `cold start` */
const SPAN_NAME = /^(?:[A-Z]{3,7}(?: \/)?|[a-z][a-z -]{0,30})$/;

/** OTLP's times have 64 bits, and some receivers read them as signed. */
const MAX_UNIX_NANO = 2n ** 63n - 1n;

/**
 * The origin's spans below `client`, the span of the call. Null where they are not one whole tree: a trace backend would show pieces of
 * it, or refuse the export.
 */
export function parseOriginTrace({ resource, spans }: OriginTrace, client: SpanContext): OriginSpans | null {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const isWhole =
    spans.length > 0 &&
    ids.size === spans.length &&
    !ids.has(client.spanId) &&
    spans.every((span) => isInTree(span, ids, client));
  if (!isWhole) return null;
  return { resource: keyValues(allowed(resource)), spans: spans.map((span) => message(span, client)) };
}

/** The function's SERVER span is below the call's CLIENT span, and everything else is below the SERVER span. */
function isInTree(span: OriginSpan, ids: ReadonlySet<string>, { spanId }: SpanContext): boolean {
  const hasParent = span.kind === "server" ? span.parentSpanId === spanId : ids.has(span.parentSpanId);
  const [start, end] = [BigInt(span.startUnixNano), BigInt(span.endUnixNano)];
  return hasParent && start <= end && end <= MAX_UNIX_NANO;
}

function message(span: OriginSpan, client: SpanContext): SpanMessage {
  const attributes = allowed(span.attributes);
  return spanMessage({
    traceId: client.traceId,
    spanId: span.spanId,
    traceFlags: client.traceFlags,
    traceState: client.traceState?.serialize(),
    parent: { spanId: span.parentSpanId, isRemote: span.kind === "server" },
    name: SPAN_NAME.test(span.name) ? span.name : "unnamed",
    kind: SPAN_KIND[span.kind],
    startUnixNano: span.startUnixNano,
    endUnixNano: span.endUnixNano,
    attributes: keyValues(attributes),
    // The wire has no status: a span that failed names its error.
    statusCode: attributes["error.type"] === undefined ? STATUS.unset : STATUS.error,
  });
}

function allowed(attributes: OriginSpan["attributes"]): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) =>
      typeof value === "string" ? WORD_KEYS.has(key) && WORD.test(value) : NUMBER_KEYS.has(key) || OWN_KEY.test(key),
    ),
  );
}
