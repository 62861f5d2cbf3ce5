/** The Lambda side against a real OTLP receiver, through a real Function URL handler. */
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type ExportSettings, TraceExporter } from "../../../lambda-origin/telemetry/export.ts";
import { inSpan, withTelemetry } from "../../../lambda-origin/telemetry/with-telemetry.ts";
import { otlpSettings } from "../../../otlp/settings.ts";
import { attribute, ERROR, OtlpReceiver, SERVER } from "../../worker/record/otlp-receiver.ts";

const CANARY = "canary-7d0f5c";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const otlpAt = (endpoint: string) => otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
const receiver = new OtlpReceiver();
let url: string;

beforeAll(async () => {
  url = await receiver.listen();
});
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.manner = "accept";
  receiver.forget();
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "spillway-origin-eu");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008");
});
afterEach(() => vi.unstubAllEnvs());

function event(path = "/", headers: Record<string, string> = {}) {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: `q=${CANARY}`,
    headers: { host: "origin.example", "content-type": "application/json", "user-agent": CANARY, ...headers },
    requestContext: {
      http: { method: "POST", path, sourceIp: "192.0.2.1" },
      requestId: "r",
      domainName: "origin.example",
    },
    body: JSON.stringify({ text: CANARY }),
    isBase64Encoded: false,
  };
}

function invocation(remainingMs = 30_000) {
  return { awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", getRemainingTimeInMillis: () => remainingMs };
}

/** An app with the shape of the real one: parts as spans and every way to fail. */
function app(): Hono {
  const hono = new Hono();
  hono.post("/", async (context) => {
    const { text } = await context.req.json();
    await inSpan("tokenize", {}, () => String(text).length);
    await inSpan("inference", { "spillway.windows": 1 }, async (record) => {
      await inSpan("window", {}, () => Promise.resolve());
      record({ "spillway.done": true });
    });
    return context.json({ ok: true });
  });
  hono.post("/broken", () => inSpan("tokenize", {}, () => Promise.reject(new RangeError(`bad ${CANARY}`))));
  hono.onError((_, context) => context.text("internal", 500));
  return hono;
}

function handlerWith(bent: Partial<ExportSettings> = {}) {
  const exporter = new TraceExporter({ otlp: otlpAt(url), flushMs: 5_000, pauseMs: 30_000, ...bent });
  const handler = handle(app()) as (event: unknown, context: unknown) => Promise<{ statusCode: number }>;
  return { exporter, handler: withTelemetry(handler, exporter) };
}

describe("an invocation", () => {
  it("has sent its trace, continuing the caller's, before the answer is returned", async () => {
    const { handler } = handlerWith();
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: "a=b" };
    const { statusCode } = await handler(event("/", headers), invocation());
    expect(statusCode).toBe(200);
    const [root, tokenize, inference, window] = receiver.spans; // no waiting: all must be here by now
    expect(receiver.spans.map(({ name }) => name)).toEqual(["POST /", "tokenize", "inference", "window"]);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(root).toMatchObject({
      kind: SERVER,
      parentSpanId: "b7ad6b7169203331",
      traceState: "a=b",
      status: { code: 0 },
    });
    expect(tokenize?.parentSpanId).toBe(root?.spanId);
    expect(inference?.parentSpanId).toBe(root?.spanId);
    expect(window?.parentSpanId).toBe(inference?.spanId);
    expect(attribute(root, "faas.invocation_id")).toBe("8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    expect(attribute(root, "http.response.status_code")).toBe("200");
    expect(attribute(inference, "spillway.windows")).toBe("1");
    expect(attribute(inference, "spillway.done")).toBe(true);
    expect(BigInt(root?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(window?.endTimeUnixNano ?? 0));
  });

  it("names the function and its region, and the cold start once", async () => {
    const { handler } = handlerWith();
    await handler(event(), invocation());
    await handler(event(), invocation());
    const [cold, warm] = receiver.spans.filter(({ kind }) => kind === SERVER);
    expect(attribute(cold, "faas.coldstart")).toBe(true);
    expect(attribute(cold, "faas.init_duration")).toBeGreaterThan(0);
    expect(attribute(warm, "faas.coldstart")).toBe(false);
    expect(attribute(warm, "faas.init_duration")).toBeUndefined();
    const { attributes } = JSON.parse(receiver.bodies[0] ?? "").resourceSpans[0].resource;
    expect(attributes).toContainEqual({ key: "service.name", value: { stringValue: "spillway-origin" } });
    expect(attributes).toContainEqual({ key: "faas.name", value: { stringValue: "spillway-origin-eu" } });
    expect(attributes).toContainEqual({ key: "cloud.provider", value: { stringValue: "aws" } });
    expect(attributes).toContainEqual({ key: "cloud.region", value: { stringValue: "eu-central-1" } });
    expect(attributes).toContainEqual({ key: "faas.max_memory", value: { intValue: "3154116608" } });
  });

  it("that answers 500 is an error, named by its kind alone", async () => {
    const { handler } = handlerWith();
    expect((await handler(event("/broken"), invocation())).statusCode).toBe(500);
    const [root, tokenize] = receiver.spans;
    expect(root).toMatchObject({ name: "POST", status: { code: ERROR } });
    expect(attribute(tokenize, "error.type")).toBe("RangeError");
    expect(attribute(root, "error.type")).toBe("500");
  });

  it("that throws has sent its trace and still throws", async () => {
    const exporter = new TraceExporter({ otlp: otlpAt(url), flushMs: 5_000, pauseMs: 0 });
    const handler = withTelemetry(() => Promise.reject(new TypeError(CANARY)), exporter);
    await expect(handler(event(), invocation())).rejects.toThrow(TypeError);
    expect(attribute(receiver.spans[0], "error.type")).toBe("TypeError");
  });

  it("sends nothing where the caller does not sample", async () => {
    const { handler, exporter } = handlerWith();
    await handler(event("/", { traceparent: `00-${TRACE}-b7ad6b7169203331-00` }), invocation());
    expect(receiver.bodies).toEqual([]);
    expect(exporter.droppedSpans).toBe(0);
  });

  it("lets nothing of the text out, nor of the caller", async () => {
    const { handler } = handlerWith();
    for (const path of ["/", "/broken", `/${CANARY}`]) await handler(event(path), invocation());
    expect(receiver.bodies).toHaveLength(3);
    expect(receiver.bodies.join("\n")).not.toContain(CANARY);
    expect(receiver.bodies.join("\n")).not.toContain("192.0.2.1");
  });
});

describe("a backend", () => {
  it("that never answers costs one answer the bound, the next ones nothing, and the losses are counted", async () => {
    receiver.manner = "swallow";
    const { handler, exporter } = handlerWith({ flushMs: 150 });
    const startedAtMs = performance.now();
    expect((await handler(event(), invocation())).statusCode).toBe(200);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(exporter.droppedSpans).toBe(4);
    await handler(event(), invocation());
    expect(receiver.bodies).toHaveLength(1); // not even tried
    expect(exporter.droppedSpans).toBe(8);
  });

  it("that is not there changes no answer", async () => {
    const { handler, exporter } = handlerWith({ otlp: otlpAt("http://127.0.0.1:9") });
    expect((await handler(event(), invocation())).statusCode).toBe(200);
    expect(exporter.droppedSpans).toBe(4);
  });

  it("that refuses changes no answer, and hears of the loss once it accepts", async () => {
    receiver.manner = "refuse";
    const { handler } = handlerWith();
    expect((await handler(event(), invocation())).statusCode).toBe(200);
    receiver.manner = "accept";
    receiver.forget();
    await handler(event(), invocation());
    expect(attribute(receiver.spans[0], "spillway.telemetry.dropped_spans")).toBe("4");
  });

  it("is not waited for when Lambda's own timeout is near", async () => {
    receiver.manner = "swallow";
    const { handler, exporter } = handlerWith({ flushMs: 60_000 });
    expect((await handler(event(), invocation(250))).statusCode).toBe(200);
    expect((await handler(event(), invocation(50))).statusCode).toBe(200);
    expect(receiver.bodies).toHaveLength(1);
    expect(exporter.droppedSpans).toBe(8);
  });
});
