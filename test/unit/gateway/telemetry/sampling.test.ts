import { SpanStatusCode } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import {
  type Ending,
  endingOf,
  type KeepReason,
  keepReasons,
  SAMPLE_ALL,
  StrangersAllowance,
} from "../../../../gateway/telemetry/sampling.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";
import { finished } from "./spans.ts";

const well: Ending = { status: 200, refused: false, fellBack: false, totalMs: 1000 };
const all: KeepReason[] = ["error", "fallback", "refused", "slow"];

describe("a trace that is not sampled", () => {
  it.each<[string, Partial<Ending>, KeepReason[]]>([
    ["an answer in time", {}, []],
    ["no answer, since the handler threw", { status: null }, ["error"]],
    ["499", { status: 499 }, []],
    ["500", { status: 500 }, ["error"]],
    ["a refusal by the caller's mistake", { status: 422, refused: true }, ["refused"]],
    ["a 4xx that is no refusal", { status: 404 }, []],
    ["a refusal that is an error too", { status: 503, refused: true }, ["error", "refused"]],
    ["a fallback", { fellBack: true }, ["fallback"]],
    ["one ms too slow", { totalMs: 1001 }, ["slow"]],
    ["all of these", { status: 504, refused: true, fellBack: true, totalMs: 9000 }, all],
  ])("of %s is kept for the reasons that hold", (_, changed, reasons) => {
    expect(keepReasons({ ...well, ...changed }, { ...SAMPLE_ALL, ratio: 0 })).toEqual(reasons);
  });

  it.each(all)("is kept for %s where the policy names only that", (reason) => {
    const worst: Ending = { status: 504, refused: true, fellBack: true, totalMs: 9000 };
    expect(keepReasons(worst, { ratio: 0, keep: [reason], slowMs: 1000 })).toEqual([reason]);
    expect(keepReasons(worst, { ratio: 0, keep: all.filter((other) => other !== reason), slowMs: 1000 })).not.toContain(
      reason,
    );
  });

  it("is slow by the policy's limit", () => {
    expect(keepReasons({ ...well, totalMs: 51 }, { ratio: 0, keep: all, slowMs: 50 })).toEqual(["slow"]);
  });
});

it("the sampling before a policy is known is the policy's default", () => {
  expect(SAMPLE_ALL).toEqual(defaultPolicy().sampling);
});

const root = finished({ attributes: { "http.response.status_code": 200 }, startTime: [10, 999e6], endTime: [12, 1e6] });
const failed = { code: SpanStatusCode.ERROR };

it("the root span gives status, refusal, and the time from request to answer", () => {
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
  ["a first attempt that lost", finished({ attributes: { "spillway.aborted": true } }), false],
  ["a first attempt", finished(), false],
])("%s makes it a fallback: %s", (_, span, fellBack) => {
  expect(endingOf(root, [span, root]).fellBack).toBe(fellBack);
});

it("a 5xx of the request is an error and no fallback", () => {
  const broken = finished({ status: failed, attributes: { "http.response.status_code": 503 } });
  expect(endingOf(broken, [broken]).fellBack).toBe(false);
});

it("strangers get ten traces a minute exported, and ten more in the next", () => {
  const strangers = new StrangersAllowance();
  const accepted = (nowMs: number) => Array.from({ length: 200 }, () => strangers.accept(nowMs)).filter(Boolean).length;
  expect([0, 59_999, 60_000, 200_000].map(accepted)).toEqual([10, 0, 10, 10]);
});
