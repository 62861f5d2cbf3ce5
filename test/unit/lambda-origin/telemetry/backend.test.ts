/** The Lambda function with a backend that is down, slow or refuses: no answer waits for long. */
import { describe, expect, it } from "vitest";
import { attribute, SERVER } from "../../../worker/telemetry/otlp-receiver.ts";
import { context, event, functionWith } from "./function.ts";
import { listeningReceiver } from "./listening-receiver.ts";

const { receiver, endpoint, named } = await listeningReceiver();

/** The exports of an invocation, in order: spans, then log records. */
const LOGS = 1;

/** Timeouts that expire when the test decides it. With the runtime's, a busy machine sends nothing before they expire. */
function timeoutsByHand() {
  const made: { ms: number; controller: AbortController }[] = [];
  return {
    timeout(ms: number): AbortSignal {
      const controller = new AbortController();
      made.push({ ms, controller });
      return controller.signal;
    },
    /** In ms, of the timeouts so far. */
    bounds: () => made.map(({ ms }) => ms),
    expire: (index: number) => made[index]?.controller.abort(new DOMException("late", "TimeoutError")),
  };
}

describe("a backend", () => {
  it("that never answers delays one answer up to the bound and the next ones not at all, and the losses are counted", async () => {
    receiver.manner = "swallow";
    const { bounds, expire, timeout } = timeoutsByHand();
    const { handler, exporter } = functionWith({ endpoint, settings: { flushMs: 150, timeout } });
    const answer = handler(event(), context());
    await receiver.when(() => receiver.everything.length === 2);
    for (const index of bounds().keys()) expire(index);
    expect((await answer).statusCode).toBe(200);
    expect(bounds()).toEqual([150, 150]);
    expect(exporter.dropped).toEqual({ spans: 5, logs: 1 });
    await handler(event(), context());
    expect(bounds()).toHaveLength(2); // the second invocation sent nothing
    expect(exporter.dropped).toEqual({ spans: 9, logs: 2 });
  });

  it("that never answers for log records still gets spans", async () => {
    receiver.mannerFor = { logs: "swallow" };
    const { bounds, expire, timeout } = timeoutsByHand();
    const { handler, exporter } = functionWith({ endpoint, settings: { timeout } });
    const answer = handler(event(), context());
    await receiver.when(() => receiver.arrivals.some(({ signal }) => signal === "logs"));
    expire(LOGS);
    await answer;
    await handler(event(), context());
    expect(bounds()).toHaveLength(3); // two of spans, one of log records
    expect(exporter.dropped).toEqual({ spans: 0, logs: 2 });
    expect(receiver.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(2);
  });

  it("gets both signals at once: neither waits for the other's response", async () => {
    receiver.manner = "swallow";
    const { bounds, expire, timeout } = timeoutsByHand();
    const { handler } = functionWith({ endpoint, settings: { timeout } });
    const answer = handler(event(), context());
    await receiver.when(() => receiver.arrivals.length === 2);
    expect(receiver.arrivals.map(({ signal }) => signal).toSorted()).toEqual(["logs", "traces"]);
    for (const index of bounds().keys()) expire(index);
    await answer;
  });

  it("that is down changes no answer", async () => {
    const { handler, exporter } = functionWith({ endpoint: "http://127.0.0.1:9" });
    expect((await handler(event(), context())).statusCode).toBe(200);
    expect(exporter.dropped).toEqual({ spans: 5, logs: 1 });
  });

  it("that refuses changes no answer, and gets the number of lost items once it accepts", async () => {
    receiver.manner = "refuse";
    const { handler } = functionWith({ endpoint });
    expect((await handler(event(), context())).statusCode).toBe(200);
    receiver.manner = "accept";
    receiver.forget();
    await handler(event(), context());
    expect(attribute(named("POST /"), "spillway.telemetry.dropped_spans")).toBe("5");
    expect(attribute(named("POST /"), "spillway.telemetry.dropped_logs")).toBe("1");
  });

  it("delays an answer no longer than Lambda's timeout leaves", async () => {
    receiver.manner = "swallow";
    const { handler, exporter } = functionWith({ endpoint, settings: { flushMs: 60_000 } });
    expect((await handler(event(), context(250))).statusCode).toBe(200);
    expect(exporter.dropped).toEqual({ spans: 5, logs: 1 });
  });

  it.each([100, 0, -5])("gets nothing with %i ms left, which the answer needs", async (remainingMs) => {
    const { handler, exporter } = functionWith({ endpoint });
    expect((await handler(event(), context(remainingMs))).statusCode).toBe(200);
    expect(receiver.everything).toEqual([]);
    expect(exporter.dropped).toEqual({ spans: 5, logs: 1 });
  });
});
