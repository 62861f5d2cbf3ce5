/** The origin's log records, as OTLP has them. Bodies are sentences of our own; facts are attributes. Pure. */
import { type Attributes, keyValues } from "../../otlp/attributes.ts";
import type { LogMessage } from "../../otlp/messages.ts";
import type { Invocation } from "./invocation.ts";
import { plainSentence } from "./plain.ts";

const SEVERITY = { INFO: 9, ERROR: 17 } as const;
/** Room for a path and two digests. */
const LONGEST_REASON = 1_000;

/** One per invocation, once that is over. */
export function requestRecord(invocation: Invocation): LogMessage {
  const { server, facts } = invocation;
  const status = facts["http.response.status_code"];
  const severity = server.failed ? "ERROR" : "INFO";
  const body = status === undefined ? "There was no answer." : `The origin answered ${status}.`;
  const attributes = { ...facts, "error.type": server.attributes["error.type"] };
  return record(invocation, severity, "spillway.origin.request", body, attributes);
}

/** One per instance without a model: the operator's word on why. */
export function modelUnavailableRecord(invocation: Invocation, reason: string): LogMessage {
  return record(invocation, "ERROR", "spillway.origin.model_unavailable", "The model could not be loaded.", {
    "error.type": "model-unavailable",
    "spillway.origin.reason": plainSentence(reason, LONGEST_REASON),
  });
}

function record(
  { trace, server }: Invocation,
  severity: keyof typeof SEVERITY,
  eventName: string,
  body: string,
  attributes: Attributes,
): LogMessage {
  const unixNano = String(trace.nowUnixNano());
  return {
    timeUnixNano: unixNano,
    observedTimeUnixNano: unixNano,
    severityNumber: SEVERITY[severity],
    severityText: severity,
    eventName,
    body: { stringValue: body },
    attributes: keyValues(attributes),
    traceId: trace.origin.traceId,
    spanId: server.spanId,
    flags: Number(trace.origin.sampled),
  };
}
