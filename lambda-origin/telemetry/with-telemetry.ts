/**
 * The origin's part of the telemetry: no layer, no X-Ray and no SDK. The OpenTelemetry SDK and its OTLP encoder take 200 ms to
 * import unbundled, on the cold start that this product is about; the little that is needed here fits into a few small files.
 */

import { type Attributes, keyValues } from "../../formats/otlp/attributes.ts";
import type { LogMessage } from "../../formats/otlp/messages.ts";
import { runAs } from "./active.ts";
import type { Exporter } from "./exporter.ts";
import type { Init } from "./init-clock.ts";
import { Invocation } from "./invocation.ts";
import { type HttpEvent, type LambdaContext, resource } from "./lambda-attributes.ts";
import { plainSentence } from "./plain.ts";
import { errorType, spanMessages } from "./trace.ts";

/** Left for Lambda to hand the answer over before its own timeout. */
const RESERVED_MS = 100;
/**
 * With so much left and no answer, what is known is sent: Lambda kills the process at its timeout, and nothing tells of it then.
 * A flush, the reserve, and a window under way, which holds the thread until it is through.
 */
const LAST_CALL_MS = 1_500;

/**
 * A Lambda handler that leaves one trace and one log record for each invocation, continuing the incoming `traceparent`, sent
 * before the answer is returned: afterwards Lambda freezes the process. `init` is what came before the first invocation.
 */
export function withTelemetry<Event, Context, Result>(
  handler: (event: Event, context: Context) => Promise<Result>,
  { exporter, init }: { exporter: Exporter; init: Init },
): (event: Event & HttpEvent, context: Context & LambdaContext) => Promise<Result> {
  let firstInit: Init | undefined = init;
  let untoldProblem = init.problem;

  /** @returns a promise that never rejects, at most the exporter's bound away */
  async function leave(invocation: Invocation, leftMs: number, status?: number, failure?: string): Promise<void> {
    const isExported = invocation.conclude(status, failure) === "export";
    if (!exporter.hasLogBackend) reportToOperator(invocation, status);
    const logs: LogMessage[] = isExported ? [requestRecord(invocation)] : [];
    // Told whatever the sampling says, and again until the backend has it.
    if (untoldProblem !== undefined) logs.unshift(modelUnavailableRecord(invocation, untoldProblem));
    const spans = isExported ? spanMessages(invocation.trace) : [];
    const arrived = await exporter.flush({ spans, logs }, resource(process.env), leftMs);
    if (arrived.logs) untoldProblem = undefined;
  }

  return async (event, context) => {
    const invocation = new Invocation(event, context, { init: firstInit, dropped: exporter.dropped });
    firstInit = undefined;
    const leftMs = () => (context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) - RESERVED_MS;
    let leaving: Promise<void> | undefined;
    const leaveOnce = (status?: number, failure?: string) => {
      leaving ??= leave(invocation, leftMs(), status, failure);
      return leaving;
    };
    const lastCall = atLastCall(context, () => leaveOnce(undefined, "timeout"));
    try {
      const result = await runAs(invocation, () => handler(event, context));
      await leaveOnce(statusOf(result));
      return result;
    } catch (error) {
      await leaveOnce(undefined, errorType(error));
      throw error;
    } finally {
      clearTimeout(lastCall);
    }
  };
}

function atLastCall(context: LambdaContext, work: () => void): NodeJS.Timeout | undefined {
  const remainingMs = context.getRemainingTimeInMillis?.();
  if (remainingMs === undefined) return undefined;
  return setTimeout(work, remainingMs - Math.min(LAST_CALL_MS, remainingMs / 2));
}

/** Lambda takes whatever names no status for a 200. */
function statusOf(result: unknown): number {
  const names = typeof result === "object" && result !== null && "statusCode" in result;
  return names ? Number(result.statusCode) : 200;
}

/** Where there is no backend, a failure is one line on stderr; that there is no model was said once, at INIT. */
function reportToOperator({ server, facts }: Invocation, status: number | undefined): void {
  const error = server.attributes["error.type"];
  if (!server.failed || facts["error.type"] === "model-unavailable") return;
  console.error(JSON.stringify({ level: "error", error_type: "internal", error, status }));
}

/** The origin's log records, as OTLP has them. Bodies are sentences of our own; facts are attributes. Pure. */

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
