/**
 * Spans that an origin hands back instead of exporting them. They leave by the gateway's rules, and stricter: what an origin
 * writes is not of our making. Pure.
 */
import type { Span } from "@opentelemetry/api";
import type { OriginSpan, OriginTrace } from "../../formats/origin-wire.ts";
import { type Attributes, type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";
import type { SpanMessage } from "../../formats/otlp/messages.ts";

/** As OTLP has them, under a resource of their own. */
export interface OriginSpans {
  resource: KeyValue[];
  spans: SpanMessage[];
}

/** The keys whose values may be words; every other one of Spillway's own holds a number or a flag, and the rest do not pass. */
const WORDS: ReadonlySet<string> = new Set([
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
const NUMBERS: ReadonlySet<string> = new Set([
  "faas.coldstart",
  "faas.init_duration",
  "faas.max_memory",
  "http.response.status_code",
]);
const OWN_NUMBER = /^spillway\.[a-z0-9._]{1,60}$/;

/** A name or a digest, as in `2026/11/24/[$LATEST]0f3c…` or `mail-tagger@9f2c…`: it has no blanks, so it is no mail. */
const WORD = /^[\w$.:@/[\]-]{1,128}$/;
/** `POST /`, `tokenize`, `cold start` */
const SPAN_NAME = /^(?:[A-Z]{3,7}(?: \/)?|[a-z][a-z -]{0,30})$/;

/** OTLP's times have 64 bits; one receiver's signed type decides. */
const LATEST_UNIX_NANO = 2n ** 63n - 1n;
const SAMPLED_OR_RANDOM = 0xff;
/** OTLP's span flags: the parent's side is known, and it is another process. */
const PARENT_SIDE_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;
const KIND = { internal: 1, server: 2 } as const;
const ERROR = 2;

/** Null where it does not hang together: a trace backend would show pieces, or refuse the whole export. */
export function parseOriginTrace(
  { resource, spans }: OriginTrace,
  client: ReturnType<Span["spanContext"]>,
): OriginSpans | null {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const isWhole =
    spans.length > 0 &&
    ids.size === spans.length &&
    !ids.has(client.spanId) &&
    spans.every((span) => fits(span, ids, client));
  if (!isWhole) return null;
  return { resource: keyValues(allowed(resource)), spans: spans.map((span) => message(span, client)) };
}

/** The function's SERVER span answers our CLIENT span, and everything else is below it. */
function fits(span: OriginSpan, ids: ReadonlySet<string>, { spanId }: { spanId: string }): boolean {
  const parentFits = span.kind === "server" ? span.parentSpanId === spanId : ids.has(span.parentSpanId);
  const [start, end] = [BigInt(span.startUnixNano), BigInt(span.endUnixNano)];
  return parentFits && start <= end && end <= LATEST_UNIX_NANO;
}

function message(span: OriginSpan, client: ReturnType<Span["spanContext"]>): SpanMessage {
  const isServer = span.kind === "server";
  const attributes = allowed(span.attributes);
  return {
    traceId: client.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: client.traceState?.serialize(),
    flags: (client.traceFlags & SAMPLED_OR_RANDOM) | PARENT_SIDE_KNOWN | (isServer ? PARENT_IS_REMOTE : 0),
    name: SPAN_NAME.test(span.name) ? span.name : "unnamed",
    kind: KIND[span.kind],
    startTimeUnixNano: span.startUnixNano,
    endTimeUnixNano: span.endUnixNano,
    attributes: keyValues(attributes),
    // The contract has no status: a span that failed names its error.
    status: { code: attributes["error.type"] === undefined ? 0 : ERROR },
  };
}

function allowed(attributes: OriginSpan["attributes"]): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) =>
      typeof value === "string" ? WORDS.has(key) && WORD.test(value) : NUMBERS.has(key) || OWN_NUMBER.test(key),
    ),
  );
}
