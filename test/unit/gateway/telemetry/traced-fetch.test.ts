/** Which headers a call of an origin gets, whatever a propagator of the library adds. */
import { propagation, type TextMapPropagator } from "@opentelemetry/api";
import { afterEach, expect, it } from "vitest";
import { createTracedFetch } from "../../../../gateway/telemetry/traced-fetch.ts";

afterEach(() => propagation.disable());

/** The headers of a call while a propagator adds `injected`. */
async function sentWith(injected: Record<string, string>): Promise<Record<string, string>> {
  const propagator: TextMapPropagator = {
    inject(_, target, setter) {
      for (const [key, value] of Object.entries(injected)) setter.set(target, key, value);
    },
    extract: (context) => context,
    fields: () => [],
  };
  propagation.setGlobalPropagator(propagator);
  let sent: Record<string, string> = {};
  const tracedFetch = createTracedFetch(async (_, init) => {
    sent = Object.fromEntries(new Headers(init?.headers));
    return new Response();
  });
  await tracedFetch("http://origin.test/", { method: "POST", headers: { "content-type": "application/json" } });
  return sent;
}

const ours = { "content-type": "application/json" };
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

it("a trace context is sent, with up to the 512 characters of tracestate that W3C requires", async () => {
  const context = { traceparent, tracestate: `a=${"x".repeat(510)}` };
  expect(await sentWith(context)).toEqual({ ...ours, ...context });
});

it.each([
  ["baggage", "user=me"],
  ["b3", "1-2-3"],
  ["authorization", "Bearer me"],
  ["tracestate", `a=${"x".repeat(511)}`],
  ["tracestate", "a=\u0001"],
  ["tracestate", "a=\u00e9"],
])("%s: nothing else is sent, and nothing malformed", async (name, value) => {
  expect(await sentWith({ traceparent, [name]: value })).toEqual({ ...ours, traceparent });
});
