/** The one shape of every error. */
import { type Refusal, statusOf } from "../refusal.ts";

export function refuse(refusal: Refusal, requestId: string, headers: Record<string, string> = {}): Response {
  const retryAfter: Record<string, string> =
    refusal.retryAfterMs === undefined
      ? {}
      : { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))) };
  return Response.json(
    { error: refusal.publicText, error_type: refusal.code, request_id: requestId },
    { status: statusOf(refusal.code), headers: { "x-request-id": requestId, ...retryAfter, ...headers } },
  );
}
