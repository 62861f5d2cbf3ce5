/**
 * `fetch` as a CLIENT span, its context passed on by `traceparent`. Not the library's patch of the global fetch: that one
 * records full URLs and exception messages, marks no failure, and only takes hold after the first request.
 */
import { context, propagation, SpanKind } from "@opentelemetry/api";
import { clientAttributes, knownMethod } from "./http-attributes.ts";
import { inSpan, recordFailure } from "./span.ts";

/** `traceparent` is set last, so a request that was signed before must not have it among its signed headers. */
export const tracedFetch: typeof fetch = (input, init) => {
  const given = input instanceof Request ? input : undefined;
  const method = knownMethod((init?.method ?? given?.method ?? "GET").toUpperCase());
  const url = given?.url ?? String(input);
  const call = async (recordStatus: (status: number) => void) => {
    const headers = new Headers(init?.headers ?? given?.headers);
    propagation.inject(context.active(), headers, { set: (carrier, key, value) => carrier.set(key, value) });
    const response = await fetch(input, { ...init, headers });
    recordStatus(response.status);
    return response;
  };
  return inSpan(
    method,
    clientAttributes(method, url),
    (span) =>
      call((status) => {
        span.setAttribute("http.response.status_code", status);
        // 429 is the origin at its limit; any other 4xx is about this one request and no failure of the side.
        if (status >= 500 || status === 429) recordFailure(span, String(status));
      }),
    SpanKind.CLIENT,
  );
};
