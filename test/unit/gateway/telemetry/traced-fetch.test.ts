/** What is passed on with a call, whatever propagates contexts: a library's new habit must not reach an origin. */
import { propagation, type TextMapPropagator } from "@opentelemetry/api";
import { afterEach, expect, it, vi } from "vitest";
import { tracedFetch } from "../../../../gateway/telemetry/traced-fetch.ts";

afterEach(() => {
  vi.restoreAllMocks();
  propagation.disable();
});

/** The headers of a call while a propagator wants to pass on `injected`. */
async function sentWith(injected: Record<string, string>): Promise<Record<string, string>> {
  const propagator: TextMapPropagator = {
    inject(_, carrier, setter) {
      for (const [key, value] of Object.entries(injected)) setter.set(carrier, key, value);
    },
    extract: (context) => context,
    fields: () => [],
  };
  propagation.setGlobalPropagator(propagator);
  const fetching = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response());
  await tracedFetch("http://origin.test/", { method: "POST", headers: { "content-type": "application/json" } });
  return Object.fromEntries(new Headers(fetching.mock.lastCall?.[1]?.headers));
}

const ours = { "content-type": "application/json" };
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

it("a trace context is passed on, up to the 512 characters that W3C asks for", async () => {
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
])("%s: nothing else is, and nothing malformed", async (name, value) => {
  expect(await sentWith({ traceparent, [name]: value })).toEqual({ ...ours, traceparent });
});
