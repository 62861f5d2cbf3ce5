/** The one shape of every error, and the headers that every response has. */
import type { Identity } from "../call.ts";
import { type Refusal, statusOf } from "../refusal.ts";
import { jsonResponse } from "./json-response.ts";

/** Makes the response of a refusal: its public text, code and request id, and never its internal reason. */
export function errorResponse(refusal: Refusal, identity: Identity, headers: Record<string, string> = {}): Response {
  const body = { error: refusal.publicText, error_type: refusal.code, request_id: identity.requestId };
  return jsonResponse(body, statusOf(refusal.code), {
    ...identityHeaders(identity),
    ...retryAfter(refusal),
    ...challenge(refusal),
    ...acceptEncoding(refusal),
    ...headers,
  });
}

/** The headers by which a caller and an operator refer to the same request. On every response, errors included. */
export function identityHeaders({ requestId, traceResponse }: Identity): Record<string, string> {
  return { "x-request-id": requestId, ...(traceResponse !== null && { traceresponse: traceResponse }) };
}

/** Whole seconds, at least one. */
function retryAfter({ retryAfterMs }: Refusal): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

/** RFC 9110: a 401 names the authentication scheme. */
function challenge({ code }: Refusal): Record<string, string> {
  return code === "unauthorized" ? { "www-authenticate": 'Bearer realm="spillway"' } : {};
}

/** RFC 9110: a 415 because of the body's encoding names those that are accepted. */
function acceptEncoding({ reason }: Refusal): Record<string, string> {
  return reason === "content-encoding" ? { "accept-encoding": "identity" } : {};
}
