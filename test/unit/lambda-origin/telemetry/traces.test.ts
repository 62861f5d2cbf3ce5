/** The trace that an invocation of the Lambda function exports, to a real OTLP receiver. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import { inSpan } from "../../../../lambda-origin/telemetry/active.ts";
import { Exporter } from "../../../../lambda-origin/telemetry/exporter.ts";
import { InitClock } from "../../../../lambda-origin/telemetry/init-clock.ts";
import { withTelemetry } from "../../../../lambda-origin/telemetry/with-telemetry.ts";
import { attribute, ERROR, SERVER } from "../../../worker/telemetry/otlp-receiver.ts";
import {
  CANARY,
  context,
  event,
  failing,
  functionWith,
  INVOCATION_ID,
  modelThat,
  PARENT,
  SAMPLED,
  TRACE,
  UNSAMPLED,
} from "./function.ts";
import { listeningReceiver } from "./listening-receiver.ts";

const { receiver, endpoint, named } = await listeningReceiver();

beforeEach(() => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "spillway-origin-eu");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008");
});
afterEach(() => vi.unstubAllEnvs());

describe("an invocation", () => {
  it("has exported its trace, continuing the caller's, before the answer is returned", async () => {
    const loaded = modelThat((windows) => inSpan("window", {}, () => windows.map(() => [1, 2])));
    const { handler } = functionWith({ endpoint, loaded });
    const { statusCode } = await handler(event({ ...SAMPLED, tracestate: "a=b" }, { words: 600 }), context());
    expect(statusCode).toBe(200);
    const spans = receiver.spans; // no waiting: all must have arrived by now
    expect(spans.map(({ name }) => name)).toEqual(["POST /", "init", "tokenize", "windows", "inference", "window"]);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const root = named("POST /");
    expect(root).toMatchObject({ kind: SERVER, parentSpanId: PARENT, traceState: "a=b", status: { code: 0 } });
    for (const part of ["init", "tokenize", "windows", "inference"]) {
      expect(named(part)?.parentSpanId).toBe(root?.spanId);
    }
    expect(named("window")?.parentSpanId).toBe(named("inference")?.spanId);
    expect(BigInt(root?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(named("window")?.endTimeUnixNano ?? 0));
  });

  it("has the model, the tokens and the windows on its spans", async () => {
    await functionWith({ endpoint }).handler(event(SAMPLED, { words: 600 }), context());
    const root = named("POST /");
    const inference = named("inference");
    expect(attribute(root, "http.response.status_code")).toBe("200");
    expect(attribute(named("tokenize"), "spillway.tokens")).toBe("600");
    expect(attribute(named("windows"), "spillway.windows")).toBe("2");
    for (const span of [root, inference]) {
      expect(attribute(span, "spillway.model")).toBe(`tiny@${"a".repeat(64)}`);
      expect(attribute(span, "spillway.windows")).toBe("2");
      expect(attribute(span, "spillway.tokens")).toBe("600");
    }
    expect(attribute(inference, "spillway.origin.inference_ms")).toBeDefined();
  });

  it("names the function, the invocation and the region, and the cold start once", async () => {
    const { handler } = functionWith({ endpoint });
    await handler(event(), context());
    await handler(event(), context());
    const [cold, warm] = receiver.spans.filter(({ kind }) => kind === SERVER);
    expect(attribute(cold, "faas.coldstart")).toBe(true);
    expect(attribute(cold, "faas.init_duration")).toBeGreaterThan(0);
    expect(attribute(cold, "faas.invocation_id")).toBe(INVOCATION_ID);
    expect(attribute(cold, "cloud.account.id")).toBe("123456789012");
    expect(attribute(cold, "cloud.resource_id")).toBe(context().invokedFunctionArn);
    expect(attribute(warm, "faas.coldstart")).toBe(false);
    expect(attribute(warm, "faas.init_duration")).toBeUndefined();
    expect(receiver.spans.filter(({ name }) => name === "init")).toHaveLength(1);
    for (const body of receiver.everything.map((text) => JSON.parse(text))) {
      const { attributes } = (body.resourceSpans ?? body.resourceLogs)[0].resource;
      expect(attributes).toContainEqual({ key: "service.name", value: { stringValue: "spillway-origin" } });
      expect(attributes).toContainEqual({ key: "faas.name", value: { stringValue: "spillway-origin-eu" } });
      expect(attributes).toContainEqual({ key: "cloud.provider", value: { stringValue: "aws" } });
      expect(attributes).toContainEqual({ key: "cloud.region", value: { stringValue: "eu-central-1" } });
      expect(attributes).toContainEqual({ key: "faas.max_memory", value: { intValue: "3154116608" } });
    }
  });

  it("has INIT and its parts below it, at the times when they ran", async () => {
    const clock = new InitClock();
    await clock.timed("verify package", () => Promise.resolve());
    const { handler } = functionWith({ endpoint, init: clock.finish({ model: "tiny@1" }) });
    await handler(event(), context());
    const [root, init, verify] = [named("POST /"), named("init"), named("verify package")];
    expect(init?.parentSpanId).toBe(root?.spanId);
    expect(verify?.parentSpanId).toBe(init?.spanId);
    const times = [init?.startTimeUnixNano, verify?.startTimeUnixNano, verify?.endTimeUnixNano, init?.endTimeUnixNano];
    expect(times).toEqual(times.toSorted());
    expect(Number(init?.startTimeUnixNano) / 1e6).toBeCloseTo(performance.timeOrigin, 0);
    expect(BigInt(init?.endTimeUnixNano ?? 0)).toBeLessThanOrEqual(BigInt(root?.startTimeUnixNano ?? 0));
    const initNano = BigInt(init?.endTimeUnixNano ?? 0) - BigInt(init?.startTimeUnixNano ?? 0);
    expect(attribute(root, "faas.init_duration")).toBeCloseTo(Number(initNano) / 1e9, 4);
  });

  it("that answers 500 is an error, named only by its class", async () => {
    const { handler } = functionWith({ endpoint, loaded: failing() });
    expect((await handler(event(), context())).statusCode).toBe(500);
    expect(named("POST /")?.status).toEqual({ code: ERROR });
    expect(attribute(named("POST /"), "error.type")).toBe("RangeError");
    expect(attribute(named("inference"), "error.type")).toBe("RangeError");
    expect(named("tokenize")?.status).toEqual({ code: 0 });
  });

  it("that is refused is no error of the function", async () => {
    const { handler } = functionWith({ endpoint });
    expect((await handler(event({}, { words: 9, maxTokens: 8 }), context())).statusCode).toBe(413);
    expect(named("POST /")?.status).toEqual({ code: 0 });
    expect(receiver.logs.map(({ severityText }) => severityText)).toEqual(["INFO"]);
  });

  it("that throws has exported its trace and its log record, and still throws", async () => {
    const exporter = new Exporter({
      otlp: otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
      flushMs: 5_000,
      pauseMs: 0,
    });
    const init = new InitClock().finish();
    const handler = withTelemetry(() => Promise.reject(new TypeError(CANARY)), { exporter, init });
    await expect(handler(event(), context())).rejects.toThrow(TypeError);
    expect(attribute(named("POST /"), "error.type")).toBe("TypeError");
    expect(attribute(receiver.logs[0], "error.type")).toBe("TypeError");
  });

  it("without an answer shortly before Lambda's timeout is exported by then, once", async () => {
    let answer = (_: number[][]) => {};
    const loaded = modelThat(() => new Promise((resolve) => (answer = resolve)));
    const { handler } = functionWith({ endpoint, loaded });
    const answered = handler(event(UNSAMPLED), context(300));
    await receiver.until((spans) => spans.length > 0);
    answer([[1, 2]]);
    const { statusCode, body } = await answered;
    expect(statusCode).toBe(200);
    expect(JSON.parse(body).trace).toBeUndefined();
    expect(receiver.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(1);
    expect(attribute(named("POST /"), "error.type")).toBe("timeout");
    expect(receiver.logs.map(({ severityText }) => severityText)).toEqual(["ERROR"]);
  });

  it.each(["http/json", "http/protobuf"])(
    "exports in %s a trace and a log record, and nothing of the text or the caller",
    async (protocol) => {
      const { handler } = functionWith({ endpoint, protocol, loaded: failing() });
      const ok = functionWith({ endpoint, protocol });
      await handler(event(), context());
      for (const path of ["/", `/${CANARY}`]) await ok.handler(event({}, { path }), context());
      const contentType = protocol === "http/json" ? "application/json" : "application/x-protobuf";
      expect(receiver.arrivals.map(({ signal }) => signal).toSorted()).toEqual([
        ...Array(3).fill("logs"),
        ...Array(3).fill("traces"),
      ]);
      expect(new Set(receiver.arrivals.map((one) => one.contentType))).toEqual(new Set([contentType]));
      expect(receiver.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(3);
      expect(receiver.logs).toHaveLength(3);
      expect(receiver.everything.join("\n")).not.toContain(CANARY);
      expect(receiver.everything.join("\n")).not.toContain("192.0.2.1");
    },
  );
});
