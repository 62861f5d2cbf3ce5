/** Who exports the function's spans: the function, or the gateway that gets them in the answer. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { originErrorSchema, TIMEOUT_HEADER } from "../../../../formats/origin-wire.ts";
import { parseOriginTrace } from "../../../../gateway/telemetry/origin-trace.ts";
import { InitClock } from "../../../../lambda-origin/telemetry/init-clock.ts";
import { attribute, SERVER } from "../../../worker/telemetry/otlp-receiver.ts";
import {
  answerOf,
  CANARY,
  context,
  event,
  functionWith,
  modelThat,
  PARENT,
  SAMPLED,
  TRACE,
  UNSAMPLED,
} from "./function.ts";
import { listeningReceiver } from "./listening-receiver.ts";

const { receiver, endpoint } = await listeningReceiver();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const serverSpans = () => receiver.spans.filter(({ kind }) => kind === SERVER);

describe("an answer", () => {
  it("states its cost: INIT once, the function's time, and its memory", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008");
    const init = { ...new InitClock().finish(), startedAtUnixMs: 1_000, endedAtUnixMs: 3_500 };
    let nowMs = 10_000;
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    const loaded = modelThat(async (windows) => {
      nowMs += 120;
      return windows.map(() => [1, 2]);
    });
    const { handler } = functionWith({ endpoint, init, loaded });
    const cold = answerOf(await handler(event(SAMPLED), context())).usage;
    expect(cold).toEqual({ initMs: 2_500, durationMs: 120, memoryMiB: 3008 });
    expect(answerOf(await handler(event(UNSAMPLED), context())).usage).toMatchObject({ initMs: 0, memoryMiB: 3008 });
  });

  it.each(["", "lots", "-1"])("names the memory that the process can get where Lambda's size is %j", async (size) => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", size);
    const { usage } = answerOf(await functionWith({ endpoint }).handler(event(), context()));
    expect(usage?.memoryMiB).toBeGreaterThan(64);
  });

  it("to a caller that samples returns no trace: the function has exported it", async () => {
    const answer = answerOf(await functionWith({ endpoint }).handler(event(SAMPLED), context()));
    expect(answer.trace).toBeUndefined();
    expect(serverSpans()).toHaveLength(1);
    expect(receiver.logs).toHaveLength(1);
  });

  it("to a direct caller returns none either", async () => {
    expect(answerOf(await functionWith({ endpoint }).handler(event(), context())).trace).toBeUndefined();
    expect(serverSpans()).toHaveLength(1);
  });

  it("to a caller that does not sample returns the spans, and nothing is exported", async () => {
    vi.stubEnv("AWS_REGION", "eu-central-1");
    const { handler, exporter } = functionWith({ endpoint });
    const { trace } = answerOf(await handler(event(UNSAMPLED), context()));
    const [server, ...parts] = trace?.spans ?? [];
    expect(server).toMatchObject({
      name: "POST /",
      kind: "server",
      parentSpanId: PARENT,
      attributes: { "http.response.status_code": 200, "faas.coldstart": true, "spillway.tokens": 1 },
    });
    expect(parts.map(({ name }) => name)).toEqual(["init", "tokenize", "windows", "inference"]);
    for (const part of parts) {
      expect(part).toMatchObject({ kind: "internal", parentSpanId: server?.spanId });
      expect(BigInt(part.endUnixNano)).toBeLessThanOrEqual(BigInt(server?.endUnixNano ?? 0));
    }
    expect(trace?.resource).toMatchObject({ "service.name": "spillway-origin", "cloud.region": "eu-central-1" });
    expect(receiver.everything).toEqual([]);
    expect(exporter.dropped).toEqual({ spans: 0, logs: 0 });
  });

  it("returns nothing of the text or the caller, and no value that is long or not plain", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "x".repeat(201));
    vi.stubEnv("AWS_REGION", "zürich");
    const { trace } = answerOf(await functionWith({ endpoint }).handler(event(UNSAMPLED), context()));
    expect(JSON.stringify(trace)).not.toContain(CANARY);
    expect(JSON.stringify(trace)).not.toContain("192.0.2.1");
    expect(trace?.resource).toHaveProperty(["cloud.provider"]);
    expect(trace?.resource).not.toHaveProperty(["faas.name"]);
    expect(trace?.resource).not.toHaveProperty(["cloud.region"]);
  });

  it("returns at most 64 spans", async () => {
    const clock = new InitClock();
    for (let i = 0; i < 100; i += 1) await clock.timed("part", () => i);
    const { handler } = functionWith({ endpoint, init: clock.finish() });
    expect(answerOf(await handler(event(UNSAMPLED), context())).trace?.spans).toHaveLength(64);
  });

  it("returns spans from a function that has no backend", async () => {
    const { handler } = functionWith({ endpoint: undefined });
    expect(answerOf(await handler(event(UNSAMPLED), context())).trace?.spans).toHaveLength(5);
  });
});

describe("an unsampled trace that no answer can return", () => {
  it("is exported where the function fails", async () => {
    const loaded = modelThat(() => Promise.reject(new RangeError("bad")));
    const { statusCode, body } = await functionWith({ endpoint, loaded }).handler(event(UNSAMPLED), context());
    expect(statusCode).toBe(500);
    expect(body).not.toContain("spans");
    expect(serverSpans()).toHaveLength(1);
    expect(receiver.logs[0]).toMatchObject({ severityText: "ERROR", flags: 0 });
  });

  it("is exported where the answer could not be written after all", async () => {
    // JSON has no big integers: writing the answer fails when its spans are in it already.
    const loaded = modelThat(() => Promise.resolve([[1n] as unknown as number[]]));
    expect((await functionWith({ endpoint, loaded }).handler(event(UNSAMPLED), context())).statusCode).toBe(500);
    expect(serverSpans()).toHaveLength(1);
  });

  it("is exported after the gateway's timeout", async () => {
    const { handler } = functionWith({ endpoint });
    const answer = answerOf(await handler(event({ ...UNSAMPLED, [TIMEOUT_HEADER]: "0" }), context()));
    expect(answer.trace).toBeUndefined();
    expect(serverSpans()).toHaveLength(1);
    expect(receiver.logs.map(({ severityText }) => severityText)).toEqual(["INFO"]);
  });

  it("is returned before the gateway's timeout", async () => {
    const { handler } = functionWith({ endpoint });
    const answer = answerOf(await handler(event({ ...UNSAMPLED, [TIMEOUT_HEADER]: "60000" }), context()));
    expect(answer.trace).toBeDefined();
    expect(receiver.everything).toEqual([]);
  });
});

describe("a refusal", () => {
  it.each([
    ["too long a text", event(UNSAMPLED, { words: 9, maxTokens: 8 }), 413, ["POST /", "init", "tokenize"]],
    ["no JSON", { ...event(UNSAMPLED), body: "{" }, 400, ["POST /", "init"]],
    ["another path", event(UNSAMPLED, { path: "/elsewhere" }), 404, ["POST", "init"]],
  ])(
    "of %s returns spans and cost where the trace is not sampled, and nothing is exported",
    async (_, request, expected, names) => {
      const { handler, exporter } = functionWith({ endpoint });
      const { statusCode, body } = await handler(request, context());
      expect(statusCode).toBe(expected);
      const { trace, usage } = originErrorSchema.parse(JSON.parse(body));
      expect(trace?.spans.map(({ name }) => name)).toEqual(names);
      expect(trace?.spans[0]?.attributes["http.response.status_code"]).toBe(expected);
      expect(usage?.durationMs).toBeGreaterThan(0);
      expect(body).not.toContain(CANARY);
      expect(receiver.everything).toEqual([]);
      expect(exporter.dropped).toEqual({ spans: 0, logs: 0 });
    },
  );

  it("in a sampled trace returns no spans: the function has exported them", async () => {
    const { body } = await functionWith({ endpoint }).handler(event(SAMPLED, { words: 9, maxTokens: 8 }), context());
    expect(originErrorSchema.parse(JSON.parse(body)).trace).toBeUndefined();
    expect(serverSpans()).toHaveLength(1);
  });

  it("costs what its span shows, and so does an answer", async () => {
    const { handler } = functionWith({ endpoint });
    for (const maxTokens of [8, 9]) {
      const { body } = await handler(event(SAMPLED, { words: 9, maxTokens }), context());
      const [span] = serverSpans().slice(-1);
      const spanMs = Number(BigInt(span?.endTimeUnixNano ?? 0) - BigInt(span?.startTimeUnixNano ?? 0)) / 1e6;
      expect(JSON.parse(body).usage.durationMs).toBe(spanMs);
      expect(attribute(span, "spillway.origin.duration_ms")).toBe(spanMs);
    }
  });

  it("that is returned loses no attribute of a span or of the resource at the gateway's filter", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "spillway-origin-eu");
    vi.stubEnv("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/24/[$LATEST]0f3c");
    const { body } = await functionWith({ endpoint }).handler(event(UNSAMPLED, { words: 9, maxTokens: 8 }), context());
    const { trace } = originErrorSchema.parse(JSON.parse(body));
    if (trace === undefined) throw new Error("no trace was returned");
    const accepted = parseOriginTrace(trace, { traceId: TRACE, spanId: PARENT, traceFlags: 0 });
    const keys = (attributes: readonly { key: string }[] = []) => attributes.map(({ key }) => key);
    expect(keys(accepted?.resource)).toEqual(Object.keys(trace.resource));
    for (const [index, { name, attributes }] of trace.spans.entries()) {
      expect(accepted?.spans[index]?.name).toBe(name);
      expect(keys(accepted?.spans[index]?.attributes)).toEqual(Object.keys(attributes));
    }
  });
});
