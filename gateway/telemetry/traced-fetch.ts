/**
 * `fetch` for a call that has a CLIENT span, which is the active one: its context is passed on by `traceparent`, and it gets HTTP's
 * attributes. The library's patch of the global fetch is not used: it records full URLs and exception messages, marks no failure, and
 * only takes effect after the first request.
 */
import { type Attributes, context, propagation, trace } from "@opentelemetry/api";
import { activeRequest } from "./active-request.ts";
import { clientAttributes } from "./http-attributes.ts";

/** No other header of a caller's reaches an origin, whatever the library may learn to propagate. */
const PROPAGATED = ["traceparent", "tracestate"];
/** https://www.w3.org/TR/trace-context/#tracestate-limits */
const WELL_FORMED = /^[\x20-\x7e]{1,512}$/;

/**
 * `traceparent` is set last: a request that is signed already must not have it among its signed headers. It is set on the `Headers` object of
 * the call itself, if it has one.
 */
export function createTracedFetch(send: typeof fetch): typeof fetch {
  const attributesOf = attributesOfCall();
  return async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const span = trace.getActiveSpan();
    span?.setAttributes(
      attributesOf((init?.method ?? request?.method ?? "GET").toUpperCase(), request?.url ?? String(input)),
    );
    const headers = init?.headers instanceof Headers ? init.headers : new Headers(init?.headers ?? request?.headers);
    const propagated = activeRequest()?.buffer.hasTrustedState === false ? PROPAGATED.slice(0, 1) : PROPAGATED;
    propagation.inject(context.active(), headers, {
      set(target, key, value) {
        if (propagated.includes(key) && WELL_FORMED.test(value)) target.set(key, value);
      },
    });
    const response = await send(input, { ...init, headers });
    span?.setAttribute("http.response.status_code", response.status);
    return response;
  };
}

/** Remembers the last call's: nearly all calls have the same address, and parsing it takes longer than the rest of the span. */
function attributesOfCall(): typeof clientAttributes {
  let last: { method: string; url: string; attributes: Attributes } | null = null;
  return (method, url) => {
    if (last?.method !== method || last.url !== url) last = { method, url, attributes: clientAttributes(method, url) };
    return last.attributes;
  };
}
