/** A fuzzer of the origin's wire format: a changed answer is a fault, or has the shape that the gateway computes with. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OriginAnswer } from "../../../../formats/origin-wire.ts";
import { OriginFault, toFailure } from "../../../../gateway/origin/origin-fault.ts";
import { readAnswer } from "../../../../gateway/origin/read-answer.ts";
import { changedJson } from "../../../support/changed-json.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";

const MODEL = `mail-tagger@${"f".repeat(64)}`;
const SPAN = {
  spanId: "0123456789abcdef",
  parentSpanId: "fedcba9876543210",
  name: "run",
  kind: "internal",
  startUnixNano: "1700000000000000000",
  endUnixNano: "1700000000000000001",
  attributes: { "model.tokens": 12, warm: true, name: "a" },
};
const ACCOUNT = {
  usage: { durationMs: 12.5, initMs: 0, memoryMiB: 3072 },
  trace: { resource: { "service.name": "origin" }, spans: [SPAN, { ...SPAN, kind: "server" }] },
};
const SHORT = {
  model: MODEL,
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
  windows: [{ tokens: 10, logits: [3, -3] }],
};
const ANSWERS: object[] = [
  SHORT,
  { ...SHORT, ...ACCOUNT },
  { ...SHORT, windows: [{ tokens: 0, logits: [1, 0] }] },
  {
    ...SHORT,
    problemType: "multi_label_classification",
    labels: ["a", "é", "c"],
    windows: Array.from({ length: 5 }, (_, window) => ({ tokens: 510 - window, logits: [0.5, -1e5, window] })),
  },
];
const ERRORS: object[] = [
  { error: "The text is too large.", error_type: "too-large", ...ACCOUNT },
  { error: "The model has no form for pairs.", error_type: "no-pairs" },
  { error: "The model is not available.", error_type: "model-unavailable" },
];

/** The bytes in pieces, as a network delivers them. */
function response(text: string, { cut, status = 200 }: { cut: number; status?: number }): Response {
  const bytes = new TextEncoder().encode(text);
  const at = cut % (bytes.length + 1);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of [bytes.slice(0, at), bytes.slice(at)]) if (piece.length > 0) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

async function read(answer: Response): Promise<OriginAnswer | OriginFault> {
  return readAnswer(answer).catch((error: unknown) => {
    if (error instanceof OriginFault) return error;
    throw error;
  });
}

/** What the gateway computes with, checked without the schema. */
function expectUsable(answer: OriginAnswer): void {
  const { labels, windows, problemType, model, ...account } = answer;
  expect(model).toMatch(/^[a-z0-9][a-z0-9-]*@[0-9a-f]{64}$/);
  expect(model.length).toBeLessThanOrEqual(200);
  expect(problemType).toMatch(/^(single|multi)_label_classification$/);
  expect(Object.keys(account).filter((key) => key !== "usage" && key !== "trace")).toEqual([]);
  const isLabel = (label: unknown) => typeof label === "string" && label.length <= 200;
  expect(labels.length > 0 && labels.length <= 1024 && labels.every(isLabel)).toBe(true);
  expect(new Set(labels).size).toBe(labels.length);
  expect(windows.length).toBeGreaterThan(0);
  for (const { tokens, logits } of windows) {
    expect(Number.isInteger(tokens) && tokens >= 0 && tokens <= 16_384).toBe(true);
    expect(logits.length).toBe(labels.length);
    expect(logits.every((logit) => Number.isFinite(logit) && Math.abs(logit) <= 1e6)).toBe(true);
  }
  const weight = windows.reduce((sum, { tokens }) => sum + tokens, 0);
  expect(weight > 0 || windows.length === 1).toBe(true);
}

describe("a changed answer of an origin", () => {
  it("is a fault, or usable, however its bytes arrive", async () => {
    const seen = { answers: 0, faults: 0 };
    const changed = changedJson(ANSWERS, (answer) => answer);
    const property = fc.asyncProperty(changed, fc.nat(), async ({ text, isUnchanged }, cut) => {
      const answer = await read(response(text, { cut }));
      expect(await read(response(text, { cut: 0 }))).toEqual(answer);
      if (answer instanceof OriginFault) {
        seen.faults += 1;
        expect(isUnchanged).toBe(false);
        expect(toFailure(answer)).toEqual({ reason: "bad-answer", kind: "failed" });
        return;
      }
      seen.answers += 1;
      expectUsable(answer);
    });
    await fc.assert(property, fuzzRuns(1000));
    expect(Math.min(seen.answers, seen.faults)).toBeGreaterThan(30);
  });

  it("with an error's status is a fault of that status, with or without its details", async () => {
    const status = fc.constantFrom(400, 403, 404, 413, 422, 429, 500, 502, 503, 504);
    const property = fc.asyncProperty(
      changedJson([...ERRORS, ...ANSWERS], (error) => error),
      status,
      async ({ text }, code) => {
        const fault = await read(response(text, { cut: 7, status: code }));
        if (!(fault instanceof OriginFault)) throw new Error(`A ${code} became an answer: ${text}`);
        expect(fault.message).toBe("the origin did not answer");
        const { kind, reason } = toFailure(fault);
        expect(reason).toMatch(new RegExp(`^(http-${code}|model-unavailable|no-pairs)$`));
        expect(kind).toBe(code === 429 ? "busy" : code < 500 ? "refused" : "failed");
      },
    );
    await fc.assert(property, fuzzRuns(500));
  });

  it("whose bytes are no UTF-8 is a fault, or usable", async () => {
    const bytes = fc.tuple(
      changedJson(ANSWERS, (answer) => answer),
      fc.nat(),
      fc.uint8Array({ maxLength: 6 }),
    );
    const property = fc.asyncProperty(bytes, async ([{ text }, at, inserted]) => {
      const whole = new TextEncoder().encode(text);
      const body = Uint8Array.from([...whole]);
      body.set(inserted.subarray(0, body.length), at % Math.max(1, body.length - inserted.length));
      const answer = await read(new Response(body));
      if (!(answer instanceof OriginFault)) expectUsable(answer);
    });
    await fc.assert(property, fuzzRuns(300));
  });
});
