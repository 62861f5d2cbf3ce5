/** True instances of the function, each a process: what they send, hand back and print, down every path. */
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type OriginAnswer, originAnswerSchema } from "../../../lambda-origin/contract.ts";
import { type Instance, type Outcome, startInstance } from "../../../lambda-origin/local/instance.ts";
import { signFolder } from "../../../models/sign/folder.ts";
import { generateKeyPair } from "../../../models/sign/keys.ts";
import { writeTinyPackage } from "../../support/model-package.ts";
import { attribute, OtlpReceiver, SERVER } from "../../worker/record/otlp-receiver.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const CANARY = "canary-5e2c90";
const ADDRESS = "192.0.2.77";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const traceparent = (sampled: boolean) => `00-${TRACE}-b7ad6b7169203331-0${Number(sampled)}`;
const { privateKey, publicKey } = generateKeyPair();
const receiver = new OtlpReceiver();
let endpoint: string;
let folder: string;
let packages: { good: string; failing: string };
let instance: Instance | undefined;

beforeAll(async () => {
  endpoint = await receiver.listen();
  folder = await mkdtemp(join(tmpdir(), "spillway-instance-"));
  const good = await writeTinyPackage(join(folder, "good"));
  // Three labels, and a graph that gives two logits: it loads, and fails on each text.
  const failing = await writeTinyPackage(join(folder, "failing"), {
    bend: (manifest) => ({ ...manifest, labels: ["ham", "spam", "eggs"] }),
  });
  packages = { good: good.folder, failing: failing.folder };
  for (const path of Object.values(packages)) await signFolder(path, privateKey);
});
afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => receiver.forget());
afterEach(async () => {
  instance?.kill();
  await instance?.exited;
});

const REAL = fileURLToPath(new URL("../../../lambda-origin", import.meta.url));
const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));

/** What is asked of a new instance in this order, and all that comes of it. */
async function asked(
  events: readonly unknown[],
  { bend = {}, handler = "handler.handler", remainingMs = 30_000 } = {},
): Promise<{ outcomes: Outcome[]; printed: string }> {
  const printedTo = join(folder, "printed");
  const file = await open(printedTo, "w");
  try {
    const environment = {
      PATH: process.env["PATH"] ?? "",
      LAMBDA_TASK_ROOT: handler === "handler.handler" ? REAL : FIXTURES,
      _HANDLER: handler,
      AWS_REGION: "eu-central-1",
      AWS_LAMBDA_FUNCTION_NAME: "spillway-origin",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "3008",
      SPILLWAY_MODEL_DIR: packages.good,
      MODEL_PUBLIC_KEY: publicKey,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      ...bend,
    };
    const running = startInstance(environment, file.fd);
    instance = running;
    expect((await running.ready).kind).toBe("ready");
    const outcomes: Outcome[] = [];
    for (const event of events) {
      const invoked = running.invoke({ requestId: "id-1", event, deadlineMs: Date.now() + remainingMs });
      outcomes.push(await Promise.race([invoked, killedOnceTold(running, handler)]));
    }
    return { outcomes, printed: await readFile(printedTo, "utf8") };
  } finally {
    await file.close();
  }
}

/** Lambda's part where there is no answer: it kills the process. By then, the process must have told. */
async function killedOnceTold(running: Instance, handler: string): Promise<Outcome> {
  if (handler !== "no-answer.handler") return new Promise<never>(() => {});
  await receiver.until((spans) => spans.length > 0 && receiver.logs.length > 0, 30_000);
  running.kill();
  return { kind: "exited", reason: "killed at its timeout" };
}

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
    const { outcomes } = await asked([eventWith(TEXT, false), eventWith(TEXT, false)]);
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
    { name: "500", status: 500, body: TEXT, bend: () => ({ SPILLWAY_MODEL_DIR: packages.failing }) },
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
    for (const protocol of ["http/json", "http/protobuf"]) {
      for (const sampled of [true, false]) {
        receiver.forget();
        const environment = { ...bend(), OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
        const { outcomes, printed } = await asked([eventWith(body, sampled)], { ...how, bend: environment });
        expect(printed).toBe("");
        expect(outcomes[0]?.kind).toBe(status === undefined ? "exited" : "answered");
        if (status !== undefined) expect(resultOf(outcomes[0]).statusCode).toBe(status);
        const isTold = sampled || status === undefined || status >= 500;
        expect(receiver.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(Number(isTold));
        expect(receiver.logs.length > 0).toBe(isTold);
        const left = receiver.everything.join("\n") + JSON.stringify(outcomes);
        expect(left).not.toContain(CANARY);
        expect(left).not.toContain(ADDRESS);
        expect(left).not.toContain("origin.example");
      }
    }
  });

  it("the reason why there is no model is a log record", async () => {
    await asked([eventWith(TEXT, true)], { bend: { MODEL_PUBLIC_KEY: generateKeyPair().publicKey } });
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
    const without = await asked([eventWith(TEXT, true)], {
      bend: { ...none, MODEL_PUBLIC_KEY: generateKeyPair().publicKey },
    });
    expect(JSON.parse(without.printed)).toEqual({
      level: "error",
      error_type: "model-unavailable",
      reason: expect.stringMatching(/^signature: wrong-key: /),
    });
    const failing = await asked([eventWith(TEXT, true)], { bend: { ...none, SPILLWAY_MODEL_DIR: packages.failing } });
    expect(JSON.parse(failing.printed)).toEqual({
      level: "error",
      error_type: "internal",
      error: "Error",
      status: 500,
    });
    expect(without.printed + failing.printed + JSON.stringify(failing.outcomes)).not.toContain(CANARY);
  });
});
