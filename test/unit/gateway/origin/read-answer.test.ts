import { describe, expect, it } from "vitest";
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
