import { describe, expect, it } from "vitest";
import { type Ending, type KeepReason, keepReasons, SAMPLE_ALL } from "../../../gateway/record/keep.ts";
import { defaultPolicy } from "../../../policies/parse.ts";

const well: Ending = { status: 200, refused: false, fellBack: false, totalMs: 1000 };
const all: KeepReason[] = ["error", "fallback", "refused", "slow"];

describe("a trace that the ratio leaves out", () => {
  it.each<[string, Partial<Ending>, KeepReason[]]>([
    ["an answer in time", {}, []],
    ["an answer of no status: the handler threw", { status: null }, ["error"]],
    ["499", { status: 499 }, []],
    ["500", { status: 500 }, ["error"]],
    ["a refusal of the caller's making", { status: 422, refused: true }, ["refused"]],
    ["a 4xx that is no refusal of ours", { status: 404 }, []],
    ["a refusal that is an error too", { status: 503, refused: true }, ["error", "refused"]],
    ["a fallback", { fellBack: true }, ["fallback"]],
    ["one ms too slow", { totalMs: 1001 }, ["slow"]],
    ["everything at once", { status: 504, refused: true, fellBack: true, totalMs: 9000 }, all],
  ])("of %s is kept by the right reasons", (_, bent, reasons) => {
    expect(keepReasons({ ...well, ...bent }, { ...SAMPLE_ALL, ratio: 0 })).toEqual(reasons);
  });

  it.each(all)("is kept for %s alone where the policy names nothing else", (reason) => {
    const worst: Ending = { status: 504, refused: true, fellBack: true, totalMs: 9000 };
    expect(keepReasons(worst, { ratio: 0, keep: [reason], slowMs: 1000 })).toEqual([reason]);
    expect(keepReasons(worst, { ratio: 0, keep: all.filter((other) => other !== reason), slowMs: 1000 })).not.toContain(
      reason,
    );
  });

  it("is slow by the policy's own measure", () => {
    expect(keepReasons({ ...well, totalMs: 51 }, { ratio: 0, keep: all, slowMs: 50 })).toEqual(["slow"]);
  });
});

it("what holds before a policy is known is what the policy's defaults say", () => {
  expect(SAMPLE_ALL).toEqual(defaultPolicy().sampling);
});
