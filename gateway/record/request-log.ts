/** A request's one log record: its SERVER span's facts, to be found without a trace viewer. Pure. */
import type { LogMessage, SpanMessage } from "../../otlp/messages.ts";
import { distinct, type Outcome, routeOf } from "../outcome.ts";
import { LOG_EVENTS } from "./log-events.ts";
import { logMessage } from "./log-message.ts";

const STATUS_ERROR = 2;

/** `root` is allow-listed already. */
export function requestLog(root: SpanMessage, outcome: Outcome | undefined): LogMessage {
  return logMessage({
    event: LOG_EVENTS.request,
    severity: root.status.code === STATUS_ERROR ? "ERROR" : "INFO",
    sentence: sentence(outcome),
    attributes: root.attributes,
    timeUnixNano: root.endTimeUnixNano,
    trace: { traceId: root.traceId, spanId: root.spanId, traceFlags: (root.flags ?? 0) & 0xff },
  });
}

function sentence(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "no outcome";
  const { refusal, status, inputs } = outcome;
  if (refusal !== null) return `refused ${status} ${refusal.code}: ${refusal.reason}`;
  return [routeOf(inputs), ...distinct(inputs.map(({ because }) => because))].join(", ");
}
