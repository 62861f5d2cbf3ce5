/** The log records of the Lambda function, and what is on stderr instead where no backend is configured. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { InitClock } from "../../../../lambda-origin/telemetry/init-clock.ts";
import { attribute, ERROR } from "../../../worker/telemetry/otlp-receiver.ts";
import { context, event, failing, functionWith, INVOCATION_ID, SAMPLED, TRACE, UNSAMPLED } from "./function.ts";
import { listeningReceiver } from "./listening-receiver.ts";

const { receiver, endpoint, named } = await listeningReceiver();

afterEach(() => void vi.restoreAllMocks());

describe("a log record", () => {
  it("of each invocation has its trace, the status, the work and the time", async () => {
    await functionWith({ endpoint }).handler(event(SAMPLED, { words: 600 }), context());
    const [record, ...more] = receiver.logs;
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      eventName: "spillway.origin.request",
      severityNumber: 9,
      severityText: "INFO",
      body: { stringValue: "The origin answered 200." },
      traceId: TRACE,
      spanId: named("POST /")?.spanId,
      flags: 1,
    });
    const facts = {
      "http.response.status_code": "200",
      "spillway.tokens": "600",
      "spillway.windows": "2",
      "spillway.model": `tiny@${"a".repeat(64)}`,
      "faas.coldstart": true,
      "faas.invocation_id": INVOCATION_ID,
    };
    expect(Object.fromEntries(Object.keys(facts).map((key) => [key, attribute(record, key)]))).toEqual(facts);
    expect(attribute(record, "spillway.origin.duration_ms")).toBeGreaterThan(0);
    expect(attribute(record, "error.type")).toBeUndefined();
  });

  it("of a failure is an error", async () => {
    await functionWith({ endpoint, loaded: failing() }).handler(event(SAMPLED), context());
    expect(receiver.logs).toHaveLength(1);
    expect(receiver.logs[0]).toMatchObject({ severityNumber: 17, severityText: "ERROR" });
    expect(attribute(receiver.logs[0], "error.type")).toBe("RangeError");
  });
});

describe("a function without a model", () => {
  const reason = "model.sig cannot be read (no such file): sign it";
  const without = (endpoint: string | undefined) =>
    functionWith({ endpoint, loaded: { ok: false, reason }, init: new InitClock().finish({ problem: reason }) });
  const unavailable = () => receiver.logs.filter(({ eventName }) => eventName === "spillway.origin.model_unavailable");

  it("logs why, once, with the first invocation, whether it is sampled or refused", async () => {
    const { handler } = without(endpoint);
    const malformed = { ...event(UNSAMPLED), body: "{" };
    expect((await handler(malformed, context())).statusCode).toBe(400);
    expect(receiver.spans).toEqual([]);
    expect(unavailable()).toHaveLength(1);
    expect(unavailable()[0]).toMatchObject({ severityText: "ERROR", traceId: TRACE });
    expect(attribute(unavailable()[0], "spillway.origin.reason")).toBe(reason);
    expect((await handler(event(UNSAMPLED), context())).statusCode).toBe(503);
    expect(unavailable()).toHaveLength(1);
  });

  it("logs it again until a backend has accepted it", async () => {
    const { handler } = without(endpoint);
    receiver.mannerFor = { logs: "refuse" };
    await handler(event(), context());
    receiver.mannerFor = {};
    receiver.forget();
    await handler(event(), context());
    expect(unavailable()).toHaveLength(1);
  });

  it("answers 503 with an error's trace", async () => {
    await without(endpoint).handler(event(UNSAMPLED), context());
    expect(attribute(named("POST /"), "error.type")).toBe("model-unavailable");
    expect(named("POST /")?.status).toEqual({ code: ERROR });
    expect(named("init")?.status).toEqual({ code: ERROR });
  });
});

describe("stderr", () => {
  it("has one line for a failure where no backend is configured, and none where one is", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    await functionWith({ endpoint, loaded: failing() }).handler(event(), context());
    expect(written).not.toHaveBeenCalled();
    await functionWith({ endpoint: undefined, loaded: failing() }).handler(event(), context());
    expect(written.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      { level: "error", error_type: "internal", error: "RangeError", status: 500 },
    ]);
  });
});
