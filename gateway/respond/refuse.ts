/** The one shape of every error. */
import { type Refusal, statusOf } from "../refusal.ts";
import type { Call } from "../world.ts";

export function refuse(refusal: Refusal, call: Call, headers: Record<string, string> = {}): Response {
  return Response.json(
    { error: refusal.publicText, error_type: refusal.code, request_id: call.requestId },
    {
      status: statusOf(refusal.code),
      headers: { ...identity(call), ...retryAfter(refusal), ...challenge(refusal), ...headers },
    },
  );
}

/** Whole seconds, at least one. */
function retryAfter({ retryAfterMs }: Refusal): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

/** A 401 says how to come in (RFC 9110). */
function challenge({ code }: Refusal): Record<string, string> {
  return code === "unauthorized" ? { "www-authenticate": 'Bearer realm="spillway"' } : {};
}

/** The headers by which a caller and an operator speak of the same request. On every response, refusals included. */

export function identity({ requestId, traceResponse }: Call): Record<string, string> {
  return { "x-request-id": requestId, ...(traceResponse !== undefined && { traceresponse: traceResponse }) };
}
