/** True instances of the function, each a process: what they send, hand back and print, down every path. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type OriginAnswer, originAnswerSchema } from "../../../formats/origin-wire.ts";
import type { Outcome } from "../../../tools/local-lambda/instance.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { attribute, OtlpReceiver, SERVER } from "../../worker/telemetry/otlp-receiver.ts";
import { TRACE, TrueInstances, traceparent } from "./true-instances.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const CANARY = "canary-5e2c90";
const ADDRESS = "192.0.2.77";
const receiver = new OtlpReceiver();
let instances: TrueInstances;

beforeAll(async () => {
  instances = await TrueInstances.prepare(receiver, await receiver.listen());
});
afterAll(async () => {
  await receiver.close();
  await instances.remove();
});
beforeEach(() => receiver.forget());
afterEach(() => instances.end());

function eventWith(body: unknown, sampled: boolean) {
  return {
    version: "2.0",
    rawPath: "/",
    rawQueryString: `q=${CANARY}`,
    headers: {
      host: "origin.example",
      "content-type": "application/json",
      "user-agent": CANARY,
      "x-forwarded-for": ADDRESS,
      authorization: CANARY,
      traceparent: traceparent(sampled),
    },
    requestContext: {
      http: { method: "POST", path: "/", sourceIp: ADDRESS, userAgent: CANARY },
      timeEpoch: Date.now(),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    isBase64Encoded: false,
  };
}

const TEXT = { text: `ham ${CANARY} spam`, maxTokens: 5_000 };

function resultOf(outcome: Outcome | undefined): { statusCode: number; body: string } {
  if (outcome?.kind !== "answered") throw new Error(`expected an answer, got ${JSON.stringify(outcome)}`);
  return outcome.result as { statusCode: number; body: string };
}

function answerOf(outcome: Outcome | undefined): OriginAnswer {
  return originAnswerSchema.parse(JSON.parse(resultOf(outcome).body));
}

/** What the receiver has got since this was last called. */
function takeSent(): { servers: number; logs: number; everything: string } {
  const servers = receiver.spans.filter(({ kind }) => kind === SERVER).length;
  const sent = { servers, logs: receiver.logs.length, everything: receiver.everything.join("\n") };
  receiver.forget();
  return sent;
}

/** Of the spans sent and of those handed back alike, in ms since 1970. */
type Times = Map<string, { startMs: number; endMs: number }>;

function inOrder(times: Times, ...moments: [name: string, edge: "startMs" | "endMs"][]): void {
  const found = moments.map(([name, edge]) => times.get(name)?.[edge] ?? Number.NaN);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
  expect(found.every(Number.isFinite)).toBe(true);
}

describe("a cold start", () => {
  it("has INIT with its parts before the invocation, in the trace that waited for it, and not in the next one", async () => {
    const spawnedMs = Date.now();
    const { outcomes } = await instances.asked([eventWith(TEXT, false), eventWith(TEXT, false)]);
    const [cold, warm] = outcomes.map((outcome) => answerOf(outcome));
    const spans = cold?.trace?.spans ?? [];
    const ms = (nano: string) => Number(BigInt(nano) / 1000n) / 1e3;
    const times: Times = new Map(
      spans.map((span) => [span.name, { startMs: ms(span.startUnixNano), endMs: ms(span.endUnixNano) }]),
    );
    expect([...times.keys()]).toEqual([
      "POST /",
      "init",
      "verify package",
      "load tokenizer",
      "load model",
      "tokenize",
      "windows",
      "inference",
    ]);
    inOrder(
      times,
      ["init", "startMs"],
      ["verify package", "startMs"],
      ["verify package", "endMs"],
      ["load tokenizer", "endMs"],
      ["load model", "startMs"],
      ["load model", "endMs"],
      ["init", "endMs"],
      ["POST /", "startMs"],
      ["tokenize", "startMs"],
      ["inference", "endMs"],
      ["POST /", "endMs"],
    );
    const init = times.get("init") ?? { startMs: 0, endMs: 0 };
    expect(init.startMs).toBeGreaterThan(spawnedMs - 5);
    expect(cold?.usage?.initMs).toBeCloseTo(init.endMs - init.startMs, 1);
    expect(cold?.usage?.memoryMiB).toBe(3008);
    expect(spans[0]?.attributes["faas.init_duration"]).toBeCloseTo((cold?.usage?.initMs ?? 0) / 1000, 5);

    expect(warm?.usage?.initMs).toBe(0);
    expect(warm?.trace?.spans.map(({ name }) => name)).toEqual(["POST /", "tokenize", "windows", "inference"]);
  });
});

describe("with a backend", () => {
  const paths = [
    { name: "200", status: 200, body: TEXT },
    { name: "400", status: 400, body: `{"text": "${CANARY}` },
    { name: "413", status: 413, body: { ...TEXT, maxTokens: 1 } },
    { name: "500", status: 500, body: TEXT, bend: () => ({ SPILLWAY_MODEL_DIR: instances.packages.failing }) },
    {
      name: "503, without a model",
      status: 503,
      body: TEXT,
      bend: () => ({ MODEL_PUBLIC_KEY: generateKeyPair().publicKey }),
    },
    { name: "a timeout", status: undefined, body: TEXT, handler: "no-answer.handler", remainingMs: 1_000 },
  ];

  it.each(paths)("nothing is printed and nothing of text, headers or address leaves on $name", async (path) => {
    const { body, status, bend = () => ({}), name: _, ...how } = path;
    // Each order also has the other case as the one with the cold start.
    const protocols = { "http/json": [true, false], "http/protobuf": [false, true] };
    for (const [protocol, invocations] of Object.entries(protocols)) {
      // An instance that is killed at its timeout gets no second event: one protocol has the one case, and one the other.
      const life = status === undefined ? invocations.slice(0, 1) : invocations;
      receiver.forget();
      const sent: ReturnType<typeof takeSent>[] = [];
      const events = life.map((sampled, index) => () => {
        if (index > 0) sent.push(takeSent());
        return eventWith(body, sampled);
      });
      const environment = { ...bend(), OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
      const { outcomes, printed } = await instances.asked(events, { ...how, bend: environment });
      sent.push(takeSent());
      expect(printed).toBe("");
      for (const [index, sampled] of life.entries()) {
        const [outcome, exported] = [outcomes[index], sent[index]];
        expect(outcome?.kind).toBe(status === undefined ? "exited" : "answered");
        if (status !== undefined) expect(resultOf(outcome).statusCode).toBe(status);
        const isExported = sampled || status === undefined || status >= 500;
        expect(exported?.servers).toBe(Number(isExported));
        expect((exported?.logs ?? 0) > 0).toBe(isExported);
        // What the instance does not export is in its answer.
        expect(JSON.stringify(outcome).includes("parentSpanId")).toBe(!isExported);
        const left = exported?.everything + JSON.stringify(outcome);
        expect(left).not.toContain(CANARY);
        expect(left).not.toContain(ADDRESS);
        expect(left).not.toContain("origin.example");
      }
    }
  });

  it("the reason why there is no model is a log record", async () => {
    await instances.asked([eventWith(TEXT, true)], { bend: { MODEL_PUBLIC_KEY: generateKeyPair().publicKey } });
    const [record] = receiver.logs.filter(({ eventName }) => eventName === "spillway.origin.model_unavailable");
    expect(attribute(record, "spillway.origin.reason")).toMatch(/^signature: wrong-key: /);
    expect(record?.traceId).toBe(TRACE);
    const failed = receiver.spans.filter(({ status }) => status.code === 2).map(({ name }) => name);
    expect(failed.toSorted()).toEqual(["POST /", "init", "verify package"]);
  });
});

describe("without a backend", () => {
  it("the reason why there is no model is one line, and a failure another, and neither quotes the text", async () => {
    const none = { OTEL_EXPORTER_OTLP_ENDPOINT: "" };
    const without = await instances.asked([eventWith(TEXT, true)], {
      bend: { ...none, MODEL_PUBLIC_KEY: generateKeyPair().publicKey },
    });
    expect(JSON.parse(without.printed)).toEqual({
      level: "error",
      error_type: "model-unavailable",
      reason: expect.stringMatching(/^signature: wrong-key: /),
    });
    const failing = await instances.asked([eventWith(TEXT, true)], {
      bend: { ...none, SPILLWAY_MODEL_DIR: instances.packages.failing },
    });
    expect(JSON.parse(failing.printed)).toEqual({
      level: "error",
      error_type: "internal",
      error: "Error",
      status: 500,
    });
    expect(without.printed + failing.printed + JSON.stringify(failing.outcomes)).not.toContain(CANARY);
  });
});
