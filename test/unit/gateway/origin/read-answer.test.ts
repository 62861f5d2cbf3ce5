import { describe, expect, it, vi } from "vitest";
import { OriginFault, toFailure } from "../../../../gateway/origin/origin-fault.ts";
import { readAnswer } from "../../../../gateway/origin/read-answer.ts";
import { BreakerOpenError } from "../../../../gateway/resilience/breaker/breaker.ts";

const ANSWER = {
  model: `mail-tagger@${"f".repeat(64)}`,
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
  windows: [{ tokens: 10, logits: [3, -3] }],
};

async function failureOf(response: Response) {
  const fault = await readAnswer(response).then(
    () => null,
    (error: unknown) => error,
  );
  return fault === null ? null : toFailure(fault);
}

describe("the response of an origin", () => {
  it("is its answer, also for a text without content tokens", async () => {
    expect(await readAnswer(Response.json(ANSWER))).toEqual(ANSWER);
    const empty = { ...ANSWER, windows: [{ tokens: 0, logits: [1, 0] }] };
    expect(await readAnswer(Response.json(empty))).toEqual(empty);
  });

  it.each([
    ["windows without a token", { ...ANSWER, windows: [1, 2].map(() => ({ tokens: 0, logits: [1, 0] })) }],
    ["fewer logits than labels", { ...ANSWER, windows: [{ tokens: 1, logits: [1] }] }],
    ["no windows", { ...ANSWER, windows: [] }],
    ["a list", []],
  ])("with %s is a bad answer", async (_, body) => {
    expect(await failureOf(Response.json(body))).toEqual({ reason: "bad-answer", kind: "failed" });
  });

  it("with a number that JSON can write and no float can hold is a bad answer", async () => {
    const text = JSON.stringify(ANSWER).replace("[3,", "[1e999,");
    expect(await failureOf(new Response(text))).toEqual({ reason: "bad-answer", kind: "failed" });
  });

  const opened = JSON.stringify(ANSWER).slice(0, -1);
  const windows = (items: string) => opened.replace(/"windows".*/, `"windows":[${items}]}`);
  const span = JSON.stringify({ spanId: "a", parentSpanId: "a", name: "n", kind: "internal", attributes: {} });

  it.each([
    ["numbers", windows(`{"tokens":1,"logits":[${"1,".repeat(200_000)}1]}`)],
    ["windows", windows(`${'{"tokens":1,"logits":[3,-3]},'.repeat(20_000)}{"tokens":1,"logits":[3,-3]}`)],
    ["objects", windows(`${"{},".repeat(100_000)}{}`)],
    ["brackets", "[".repeat(100_000)],
    ["a long name", JSON.stringify({ ...ANSWER, model: "漢".repeat(100_000) })],
    ["labels", JSON.stringify({ ...ANSWER, labels: Array.from({ length: 50_000 }, (_, at) => String(at)) })],
    ["keys", `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":1`).join(",")}}`],
    ["spans", `${opened},"trace":{"resource":{},"spans":[${`${span},`.repeat(9000)}${span}]}}`],
  ])("with more %s than a classifier has is a bad answer, and nothing is built of it", async (_, text) => {
    const parse = vi.spyOn(JSON, "parse");
    const failure = await failureOf(new Response(text));
    const calls = parse.mock.calls.length;
    vi.restoreAllMocks();
    expect([failure, calls]).toEqual([{ reason: "bad-answer", kind: "failed" }, 0]);
  });

  it.each([
    ["windows of another kind", { windows: Array.from({ length: 2000 }, () => ({})) }],
    ["one number too large", { windows: [{ tokens: 1, logits: [3, 1e7] }] }],
    ["a window with more keys", { windows: [{ tokens: 1, logits: [3, -3], more: 1 }] }],
    ["a fraction of a token", { windows: [{ tokens: 0.5, logits: [3, -3] }] }],
    ["a label that is given twice", { labels: ["ham", "ham"] }],
    ["no label", { labels: [] }],
    ["65 spans", { trace: { resource: {}, spans: Array.from({ length: 65 }, () => 1) } }],
    [
      "65 attributes",
      { trace: { resource: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [at, 1])), spans: [] } },
    ],
  ])("with %s is a bad answer", async (_, changed) => {
    expect(await failureOf(Response.json({ ...ANSWER, ...changed }))).toEqual({ reason: "bad-answer", kind: "failed" });
  });

  it("of the largest kind is read, with labels of every script and blanks between its values", async () => {
    const labels = Array.from({ length: 1024 }, (_, at) => `${at} é 漢 👍 "\\`);
    const largest = {
      ...ANSWER,
      labels,
      windows: Array.from({ length: 64 }, () => ({ tokens: 1, logits: labels.map(() => -0.123456789) })),
    };
    const read = await readAnswer(new Response(JSON.stringify(largest, null, 1)));
    // Not compared by vitest, which would print them.
    expect(JSON.stringify(read) === JSON.stringify(largest)).toBe(true);
  });

  it.each([
    [429, {}, { reason: "http-429", kind: "busy" }],
    [429, { "retry-after": "7" }, { reason: "http-429", kind: "busy", retryAfterMs: 7000 }],
    [429, { "retry-after": "999999" }, { reason: "http-429", kind: "busy", retryAfterMs: 300_000 }],
    [429, { "retry-after": "Thu, 26 Nov 2026 00:00:00 GMT" }, { reason: "http-429", kind: "busy" }],
    [403, {}, { reason: "http-403", kind: "refused" }],
    [500, {}, { reason: "http-500", kind: "failed" }],
    [307, {}, { reason: "http-307", kind: "failed" }],
  ])("with status %i and %j", async (status, headers, failure) => {
    expect(await failureOf(new Response(null, { status, headers }))).toEqual(failure);
  });
});

describe("the failure of an attempt", () => {
  it("is an abort if the caller is gone or the other side answered first, and no failure of the origin", () => {
    for (const reason of ["caller-gone", "lost-to-other-side"] as const) {
      expect(toFailure(new OriginFault(reason))).toEqual({ reason, kind: "aborted" });
    }
  });

  it("is an open breaker", () => {
    expect(toFailure(new BreakerOpenError("origin", 0))).toEqual({ reason: "breaker-open", kind: "failed" });
  });

  it("is never made of a bug", () => {
    const bug = new TypeError("x is not a function");
    expect(() => toFailure(bug)).toThrow(bug);
  });
});
