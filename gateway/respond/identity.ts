/** The headers by which a caller and an operator speak of the same request. On every response, refusals included. */
import type { Call } from "../world.ts";

export function identity({ requestId, traceResponse }: Call): Record<string, string> {
  return { "x-request-id": requestId, ...(traceResponse !== undefined && { traceresponse: traceResponse }) };
}
