import { describe, expect, it } from "vitest";
import { verdictOf } from "../../../../../tools/bench/faults/verdict.ts";

const row = (spam: number) => [
  { label: "spam", score: spam },
  { label: "ham", score: 1 - spam },
];
const RIGHT = { edge: row(0.9), origin: row(0.95) };
const ok = (rows: unknown, route = "edge") => ({
  status: 200,
  headers: { "x-spillway-route": route },
  body: JSON.stringify(rows),
});
const refusal = (status: number, errorType: string, headers: Record<string, string> = { "retry-after": "1" }) => ({
  status,
  headers,
  body: JSON.stringify({ error: "No model can answer right now.", error_type: errorType, request_id: "1" }),
});

describe("what an answer is worth", () => {
  it("is right only with the scores of the side that answered", () => {
    expect(verdictOf(ok([row(0.9)]), RIGHT)).toBe("answered");
    expect(verdictOf(ok([row(0.901)]), RIGHT)).toBe("answered");
    expect(verdictOf(ok([row(0.95)], "origin"), RIGHT)).toBe("answered");
    expect(verdictOf(ok([row(0.95)]), RIGHT)).toBe("wrong");
    expect(verdictOf(ok([row(0.9).toReversed()]), RIGHT)).toBe("wrong");
    expect(verdictOf(ok([row(0.9).slice(1)]), RIGHT)).toBe("wrong");
    expect(verdictOf({ ...ok([]), body: "[[{" }, RIGHT)).toBe("wrong");
  });

  it("is a refusal only in the contract's shape, with the time to try again", () => {
    expect(verdictOf(refusal(503, "unavailable"), RIGHT)).toBe("refused");
    expect(verdictOf(refusal(429, "rate-limited"), RIGHT)).toBe("refused");
    expect(verdictOf(refusal(504, "timeout", {}), RIGHT)).toBe("refused");
    expect(verdictOf(refusal(503, "unavailable", {}), RIGHT)).toBe("lost");
    expect(verdictOf(refusal(503, "timeout"), RIGHT)).toBe("lost");
    expect(verdictOf(refusal(401, "unauthorized"), RIGHT)).toBe("lost");
  });

  it("is lost without an answer, with an error page, and with an error that the gateway did not expect", () => {
    expect(verdictOf(null, RIGHT)).toBe("lost");
    expect(verdictOf({ status: 502, headers: {}, body: "<html>" }, RIGHT)).toBe("lost");
    const bug = { error: "Something went wrong. Try again.", error_type: "unavailable", request_id: "1" };
    const answer = { status: 503, headers: { "retry-after": "1" }, body: JSON.stringify(bug) };
    expect(verdictOf(answer, RIGHT)).toBe("lost");
  });
});
