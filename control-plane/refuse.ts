/** Errors of the control plane, in the gateway's shape. */

/** The codes of errors, as the gateway has them, with their status. `conflict` is of the control plane only. */
const STATUS = {
  malformed: 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  conflict: 409,
  "too-large": 413,
  "unsupported-media-type": 415,
  unprocessable: 422,
  "rate-limited": 429,
  unavailable: 503,
} as const;

/**
 * An answer with the code's status, and a new request ID.
 * @param fields more fields of the body
 */
export function refuse(
  code: keyof typeof STATUS,
  error: string,
  headers: Record<string, string> = {},
  fields: Record<string, unknown> = {},
): Response {
  const id = crypto.randomUUID();
  return Response.json(
    { error, error_type: code, request_id: id, ...fields },
    { status: STATUS[code], headers: { "x-request-id": id, ...headers } },
  );
}
