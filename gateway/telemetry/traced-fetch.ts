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
 * `traceparent` is set last: a request that is signed already must not have it among its signed headers. It is set on the object of the
 * call's headers itself: a copy takes as long as making them.
 */
export function createTracedFetch(send: typeof fetch): typeof fetch {
  const attributesOf = attributesOfCall();
  return async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const span = trace.getActiveSpan();
    span?.setAttributes(
      attributesOf((init?.method ?? request?.method ?? "GET").toUpperCase(), request?.url ?? String(input)),
    );
    const headers = init?.headers === undefined ? new Headers(request?.headers) : headersToSet(init.headers);
    const propagated = activeRequest()?.buffer.hasTrustedState === false ? PROPAGATED.slice(0, 1) : PROPAGATED;
    propagation.inject(context.active(), headers, {
      set(target, key, value) {
        if (propagated.includes(key) && WELL_FORMED.test(value)) setHeader(target, key, value);
      },
    });
    const response = await send(input, { ...init, headers });
    span?.setAttribute("http.response.status_code", response.status);
    return response;
  };
}

type HeadersToSet = Headers | Record<string, string>;

function headersToSet(headers: HeadersInit): HeadersToSet {
  return headers instanceof Headers || !(Symbol.iterator in headers) ? headers : new Headers(headers);
}

function setHeader(headers: HeadersToSet, name: string, value: string): void {
  if (headers instanceof Headers) headers.set(name, value);
  else headers[name] = value;
}

/** Remembers the last call's: nearly all calls have the same address, and parsing it takes longer than the rest of the span. */
function attributesOfCall(): typeof clientAttributes {
  let last: { method: string; url: string; attributes: Attributes } | null = null;
  return (method, url) => {
    if (last?.method !== method || last.url !== url) last = { method, url, attributes: clientAttributes(method, url) };
    return last.attributes;
  };
}
