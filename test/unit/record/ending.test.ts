import { SpanStatusCode } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { endingOf } from "../../../gateway/record/ending.ts";
import { finished } from "./spans.ts";

const root = finished({ attributes: { "http.response.status_code": 200 }, startTime: [10, 999e6], endTime: [12, 1e6] });
const failed = { code: SpanStatusCode.ERROR };

it("is read off the root: status, refusal, and the time from request to answer", () => {
  expect(endingOf(root, [root])).toEqual({ status: 200, refused: false, fellBack: false, totalMs: 1002 });
  expect(endingOf(finished(), []).status).toBeNull();
  const refused = finished({ attributes: { "spillway.refusal": "malformed", "http.response.status_code": 400 } });
  expect(endingOf(refused, [refused])).toMatchObject({ status: 400, refused: true });
});

it.each([
  ["a side that failed", finished({ status: failed }), true],
  ["a fallback that answered", finished({ attributes: { "spillway.try": "fallback" } }), true],
  ["a hedge that answered", finished({ attributes: { "spillway.try": "hedge" } }), true],
  ["a hedge that failed", finished({ attributes: { "spillway.try": "hedge" }, status: failed }), true],
  ["a hedge that lost", finished({ attributes: { "spillway.try": "hedge", "spillway.aborted": true } }), false],
  ["a first try that lost", finished({ attributes: { "spillway.aborted": true } }), false],
  ["a first try", finished(), false],
])("%s makes it a fallback: %s", (_, span, fellBack) => {
  expect(endingOf(root, [span, root]).fellBack).toBe(fellBack);
});

it("an answer of 5xx alone is an error and no fallback", () => {
  const broken = finished({ status: failed, attributes: { "http.response.status_code": 503 } });
  expect(endingOf(broken, [broken]).fellBack).toBe(false);
});
