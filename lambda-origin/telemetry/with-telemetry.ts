/**
 * The origin's telemetry around a Lambda handler, without a layer, X-Ray or an SDK: the OpenTelemetry SDK and its OTLP encoder take
 * 200 ms to import unbundled, on each cold start (docs/decisions/009-lambda-spans-without-an-sdk.md).
 */
import { type Attributes, keyValues } from "../../formats/otlp/attributes.ts";
import { errorType } from "../../formats/otlp/error-type.ts";
import { logMessage, type Severity } from "../../formats/otlp/log-message.ts";
import type { LogMessage } from "../../formats/otlp/messages.ts";
import { plainSentence } from "../../formats/otlp/plain.ts";
import { runAs } from "./active.ts";
import type { Exporter } from "./exporter.ts";
import type { Init } from "./init-clock.ts";
import { Invocation } from "./invocation.ts";
import { type HttpEvent, type LambdaContext, resource } from "./lambda-attributes.ts";
import { spanMessages } from "./trace.ts";

/** Left for Lambda to return the answer before its own timeout. */
const RESERVED_MS = 100;
/**
 * When this much time is left and there is no answer, the telemetry is sent: Lambda kills the process at its timeout. It is enough for a
 * flush, the reserve, and a window under way, which blocks the thread.
 */
const LAST_CALL_MS = 1_500;

/**
 * A Lambda handler with one trace and one log record for each invocation, continuing the incoming `traceparent`. They are sent before
 * the answer is returned, as Lambda freezes the process afterwards. `init` is what came before the first invocation.
 */
export function withTelemetry<Event, Context, Result>(
  handler: (event: Event, context: Context) => Promise<Result>,
  { exporter, init }: { exporter: Exporter; init: Init },
): (event: Event & HttpEvent, context: Context & LambdaContext) => Promise<Result> {
  let firstInit: Init | null = init;
  let unreportedProblem = init.problem;

  /** Never rejects, and resolves within the exporter's bound. */
  async function end(invocation: Invocation, leftMs: number, status?: number, failure?: string): Promise<void> {
    const isExported = invocation.conclude(status, failure) === "export";
    if (!exporter.hasLogBackend) reportToStderr(invocation, status);
    const logs: LogMessage[] = isExported ? [requestRecord(invocation)] : [];
    // Sent whether the trace is sampled or not, and again until the backend has accepted it.
    if (unreportedProblem !== undefined) logs.unshift(modelUnavailableRecord(invocation, unreportedProblem));
    const spans = isExported ? spanMessages(invocation.trace) : [];
    const accepted = await exporter.flush({ spans, logs }, resource(process.env), leftMs);
    if (accepted.logs) unreportedProblem = undefined;
  }

  return async (event, context) => {
    const invocation = new Invocation(event, context, { init: firstInit, dropped: exporter.dropped });
    firstInit = null;
    const leftMs = () => (context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) - RESERVED_MS;
    let ending: Promise<void> | undefined;
    const endOnce = (status?: number, failure?: string) => {
      ending ??= end(invocation, leftMs(), status, failure);
      return ending;
    };
    const lastCall = atLastCall(context, () => endOnce(undefined, "timeout"));
    try {
      const result = await runAs(invocation, () => handler(event, context));
      await endOnce(statusOf(result));
      return result;
    } catch (error) {
      await endOnce(undefined, errorType(error));
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

/** Lambda answers 200 for a result without a status. */
function statusOf(result: unknown): number {
  const hasStatus = typeof result === "object" && result !== null && "statusCode" in result;
  return hasStatus ? Number(result.statusCode) : 200;
}

/** Without a backend, a failure is one line on stderr. That there is no model was written once, at INIT. */
function reportToStderr({ server, facts }: Invocation, status: number | undefined): void {
  const error = server.attributes["error.type"];
  if (!server.failed || facts["error.type"] === "model-unavailable") return;
  console.error(JSON.stringify({ level: "error", error_type: "internal", error, status }));
}

/** Room for a path and two digests. */
const MAX_REASON_CHARACTERS = 1_000;

/** One per invocation, once it is over. */
function requestRecord(invocation: Invocation): LogMessage {
  const { server, facts } = invocation;
  const status = facts["http.response.status_code"];
  const severity = server.failed ? "ERROR" : "INFO";
  const sentence = status === undefined ? "There was no answer." : `The origin answered ${status}.`;
  const attributes = { ...facts, "error.type": server.attributes["error.type"] };
  return record(invocation, { eventName: "spillway.origin.request", severity, sentence, attributes });
}

/** One per instance without a model, with the reason for the operator. */
function modelUnavailableRecord(invocation: Invocation, reason: string): LogMessage {
  return record(invocation, {
    eventName: "spillway.origin.model_unavailable",
    severity: "ERROR",
    sentence: "The model could not be loaded.",
    attributes: {
      "error.type": "model-unavailable",
      "spillway.origin.reason": plainSentence(reason, MAX_REASON_CHARACTERS),
    },
  });
}

interface RecordParts {
  eventName: string;
  severity: Severity;
  sentence: string;
  attributes: Attributes;
}

function record({ trace, server }: Invocation, { attributes, ...parts }: RecordParts): LogMessage {
  const { traceId, sampled } = trace.parent;
  const span = { traceId, spanId: server.spanId, traceFlags: Number(sampled) };
  return logMessage({ ...parts, attributes: keyValues(attributes), unixNano: trace.nowUnixNano(), span });
}
