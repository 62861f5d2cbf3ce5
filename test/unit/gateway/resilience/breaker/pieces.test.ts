import { describe, expect, it } from "vitest";
import { settle } from "../../../../../gateway/resilience/breaker/classify.ts";
import { createRotation } from "../../../../../gateway/resilience/breaker/gate.ts";
import {
  type BreakerSettings,
  judge,
  type Opening,
  openingEndsAtMs,
  rateCall,
  reasonOf,
  type Tally,
  trialEndsAtMs,
} from "../../../../../gateway/resilience/breaker/judge.ts";

describe("classify", () => {
  it("settles an action that throws before its first await", async () => {
    const error = new Error("at once");
    const action = () => {
      throw error;
    };
    expect(await settle(action)).toEqual({ ok: false, error });
  });
});

describe("judge", () => {
  const settings: BreakerSettings = { consecutive: 5, openMs: 30_000, failureRatePercent: 50, minCalls: 10 };
  const healthy: Tally = { failuresInARow: 0, bad: 0, good: 0 };

  it.each<[string, Partial<Tally>, Partial<BreakerSettings>, string | null]>([
    ["nothing seen", {}, {}, null],
    ["one failure too few in a row", { failuresInARow: 4 }, {}, null],
    ["enough failures in a row", { failuresInARow: 5 }, {}, "5 failures in a row"],
    ["a row longer than a limit lowered meanwhile", { failuresInARow: 5 }, { consecutive: 2 }, "5 failures in a row"],
    ["every call bad but one call too few", { bad: 9 }, {}, null],
    ["the rate at the limit", { bad: 5, good: 5 }, {}, "5 of 10 calls failed or were slow within 10 s"],
    ["the rate just under the limit", { bad: 5, good: 6 }, {}, null],
    ["a rate of 100 %", { bad: 10 }, { failureRatePercent: 100 }, "10 of 10 calls failed or were slow within 10 s"],
    ["99 of 100 against 100 %", { bad: 99, good: 1 }, { failureRatePercent: 100 }, null],
    ["another window", { bad: 10 }, { windowMs: 2_500 }, "10 of 10 calls failed or were slow within 2.5 s"],
    ["a window emptied since, with no minimum", {}, { minCalls: 0 }, null],
  ])("%s", (_, tally, bend, reason) => {
    expect(judge({ ...healthy, ...tally }, { ...settings, ...bend })).toBe(reason);
  });

  it("judges no rate when the policy has none, and requires 10 calls when it has no minimum", () => {
    expect(judge({ ...healthy, bad: 1_000 }, { consecutive: 3, openMs: 1 })).toBeNull();
    const bare: BreakerSettings = { consecutive: 99, openMs: 1, failureRatePercent: 50 };
    expect(judge({ ...healthy, bad: 9 }, bare)).toBeNull();
    expect(judge({ ...healthy, bad: 10 }, bare)).not.toBeNull();
  });

  it.each<["success" | "failure", number, number | undefined, string]>([
    ["success", 5_000, 5_000, "success"],
    ["success", 5_001, 5_000, "slow"],
    ["failure", 9_000, 5_000, "failure"],
    ["success", 9_000, undefined, "success"],
  ])("a %s after %i ms with slowMs %s is a %s", (outcome, tookMs, slowMs, verdict) => {
    const bent = slowMs === undefined ? settings : { ...settings, slowMs };
    expect(rateCall(outcome, tookMs, bent)).toBe(verdict);
  });
});

describe("cooldown", () => {
  const settings: BreakerSettings = { consecutive: 5, openMs: 30_000 };
  const opening: Opening = { atMs: 1_000, reason: "5 failures in a row", reopenings: 0, draw: 0.5 };

  it.each([
    [0, 0.5, 30_000],
    [1, 0.5, 60_000],
    [2, 0.5, 120_000],
    [3, 0.5, 240_000],
    [4, 0.5, 272_727],
    [2_000, 0.5, 272_727],
    [0, 0, 27_000],
    [0, 0.999_999, 33_000],
    [3, 0, 216_000],
    [3, 0.999_999, 264_000],
    [4, 0, 245_455],
    [4, 0.999_999, 300_000],
  ])("after %i failed trials and a draw of %d it stays open for %i ms", (reopenings, draw, openMs) => {
    const endsAtMs = openingEndsAtMs({ ...opening, reopenings, draw }, settings);
    expect(endsAtMs - opening.atMs).toBeCloseTo(openMs, -1);
    expect(endsAtMs - opening.atMs).toBeLessThanOrEqual(300_000);
  });

  it("uses an openMs above the limit, without doubling it", () => {
    expect(openingEndsAtMs({ ...opening, reopenings: 3 }, { ...settings, openMs: 600_000 })).toBe(546_455);
  });

  it.each<[Partial<BreakerSettings>, number]>([
    [{}, 30_000],
    [{ openMs: 1_000 }, 10_000],
    [{ openMs: 10_001 }, 10_001],
    [{ trialLeaseMs: 500 }, 500],
  ])("gives a probe under %o a lease of %i ms", (bend, leaseMs) => {
    expect(trialEndsAtMs(7, { ...settings, ...bend })).toBe(7 + leaseMs);
  });

  it("reports why it opened and how many trials failed since", () => {
    expect([0, 1, 2].map((reopenings) => reasonOf({ ...opening, reopenings }))).toEqual([
      "5 failures in a row",
      "5 failures in a row; 1 failed trial since",
      "5 failures in a row; 2 failed trials since",
    ]);
  });
});

describe("rotation", () => {
  function rotated(startMs: number, ...calls: [nowMs: number, windowMs: number][]): number[] {
    const rotation = createRotation(startMs);
    let turns = 0;
    rotation.controller.on("rotate", () => turns++);
    return calls.map(([nowMs, windowMs]) => {
      turns = 0;
      rotation.catchUp(nowMs, windowMs);
      return turns;
    });
  }

  it.each([
    ["just before a border", 1_000, [[1_999, 10_000]], [0]],
    ["on a border", 1_000, [[2_000, 10_000]], [1]],
    ["several borders at once", 1_000, [[4_500, 10_000]], [3]],
    [
      "keeps its grid between calls",
      1_000,
      [
        [2_900, 10_000],
        [3_000, 10_000],
      ],
      [1, 1],
    ],
    ["never more than the window holds", 1_000, [[9_999_999, 10_000]], [10]],
    [
      "made at module scope, where the clock reads 0",
      0,
      [
        [1_795_000_000_000, 10_000],
        [1_795_000_000_001, 10_000],
      ],
      [10, 0],
    ],
    [
      "a clock that steps back",
      5_000,
      [
        [1_000, 10_000],
        [6_000, 10_000],
      ],
      [0, 1],
    ],
    [
      "a window edited meanwhile",
      0,
      [
        [2_000, 10_000],
        [2_500, 1_000],
      ],
      [2, 5],
    ],
    [
      "a window of nothing still moves on",
      0,
      [
        [5, 0],
        [6, 0],
      ],
      [5, 1],
    ],
  ] as [string, number, [number, number][], number[]][])("%s", (_, startMs, calls, turns) => {
    expect(rotated(startMs, ...calls)).toEqual(turns);
  });
});
