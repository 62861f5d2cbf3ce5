/**
 * `fetch` for a call that has a CLIENT span of its own, which is the one that is active: its context is passed on by
 * `traceparent`, and it gets what HTTP has to say. Not the library's patch of the global fetch: that one records full URLs and
 * exception messages, marks no failure, and only takes hold after the first request.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { clientAttributes } from "./http-attributes.ts";

/** No other header of a caller's reaches an origin, whatever the library may learn to propagate; and these only as W3C has them. */
const PASSED_ON: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);
/** https://www.w3.org/TR/trace-context/#tracestate-limits */
const WELL_FORMED = /^[\x20-\x7e]{1,512}$/;

/** `traceparent` is set last, so a request that was signed before must not have it among its signed headers. */
export const tracedFetch: typeof fetch = async (input, init) => {
  const given = input instanceof Request ? input : undefined;
  const span = trace.getActiveSpan();
  span?.setAttributes(
    clientAttributes((init?.method ?? given?.method ?? "GET").toUpperCase(), given?.url ?? String(input)),
  );
  const headers = new Headers(init?.headers ?? given?.headers);
  propagation.inject(context.active(), headers, {
    set(carrier, key, value) {
      if (PASSED_ON.has(key) && WELL_FORMED.test(value)) carrier.set(key, value);
    },
  });
  const response = await fetch(input, { ...init, headers });
  span?.setAttribute("http.response.status_code", response.status);
  return response;
};
