/** The spans of a trace that is not sampled, as the answer carries them to the gateway. Pure. */
import type { Attributes } from "../../otlp/attributes.ts";
import type { OriginSpan, OriginTrace } from "../contract.ts";
import { plainAttributes } from "./plain.ts";
import type { Span, Trace } from "./trace.ts";

/** The contract takes no more. Parents come first, so none is missing of those that are there. */
const MOST_SPANS = 64;

export function handedBack({ spans }: Trace, resource: Attributes): OriginTrace {
  return { resource: plainAttributes(resource), spans: spans.slice(0, MOST_SPANS).flatMap(originSpan) };
}

/** A span without a parent began a trace of its own, which the gateway knows nothing of. */
function originSpan(span: Span): OriginSpan[] {
  const { spanId, parentSpanId, name, kind, attributes } = span;
  if (parentSpanId === undefined) return [];
  const startUnixNano = String(span.startUnixNano);
  const endUnixNano = String(span.endUnixNano);
  return [{ spanId, parentSpanId, name, kind, startUnixNano, endUnixNano, attributes: { ...attributes } }];
}
