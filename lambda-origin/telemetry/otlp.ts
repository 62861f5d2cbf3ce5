/** A trace as an OTLP/JSON export request, and OTLP's variables parsed. Pure. https://opentelemetry.io/docs/specs/otlp/ */
import type { Attributes, AttributeValue, Span, Trace } from "./trace.ts";

const KIND = { internal: 1, server: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;

/** The body of `POST /v1/traces`. */
export function otlpTraceRequest(trace: Trace, resource: Attributes): string {
  const spans = trace.spans.map((span) => otlpSpan(span, trace));
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: "spillway" }, spans }] },
    ],
  });
}

/** The URL for traces under an OTLP base URL; undefined where nothing usable is configured. */
export function tracesUrl(endpoint: string | undefined): string | undefined {
  if (!endpoint || !/^https?:/.test(endpoint) || !URL.canParse(endpoint)) return undefined;
  return `${endpoint.replace(/\/+$/, "")}/v1/traces`;
}

/** `key=value,key=value` with percent-encoded values; entries that do not parse are skipped. */
export function otlpHeaders(list: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const entry of (list ?? "").split(",")) {
    const [, name, value] = /^\s*([\w-]+)\s*=\s*(\S.*?)\s*$/.exec(entry) ?? [];
    if (name && value) headers[name.toLowerCase()] = decoded(value);
  }
  return headers;
}

function otlpSpan(span: Span, { origin }: Trace): object {
  return {
    traceId: origin.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: origin.traceState,
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: keyValues(span.attributes),
    status: { code: span.failed ? STATUS.error : STATUS.unset },
  };
}

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    return value === undefined || Number.isNaN(value) ? [] : [{ key, value: anyValue(value) }];
  });
}

function anyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
