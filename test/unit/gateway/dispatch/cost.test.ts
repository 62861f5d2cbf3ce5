/** By hand, from the price lists of formats/ledger/prices.ts. */
import { describe, expect, it } from "vitest";
import { costUsd } from "../../../../formats/ledger/prices.ts";
import { edgeBilled, GATEWAY_CPU_MS, originBilled, requestBilled } from "../../../../gateway/dispatch/cost.ts";

/** Fractions of a millionth of a dollar, to a thousandth of one. */
const expectMicroUsd = (usd: number, microUsd: number) => expect(usd * 1e6).toBeCloseTo(microUsd, 3);

describe("a request", () => {
  it("costs its invocation, the gateway's own CPU time and its reads of KV", () => {
    expect(GATEWAY_CPU_MS).toBe(1);
    expectMicroUsd(costUsd(requestBilled(0)), 0.3 + 1 * 0.02);
    expectMicroUsd(costUsd(requestBilled(1)), 0.3 + 1 * 0.02 + 0.5);
  });
});

describe("a run at the edge", () => {
  it.each([
    ["as measured", { runMs: 300, predictedMs: 100, failure: null }, 6],
    ["as predicted where the clock stood still", { runMs: 0, predictedMs: 100, failure: null }, 2],
    ["as predicted where the engine failed", { runMs: null, predictedMs: 100, failure: "engine-error" as const }, 2],
    ["nothing where it never began", { runMs: null, predictedMs: 100, failure: "caller-gone" as const }, 0],
    ["nothing where there was no model", { runMs: null, predictedMs: 0, failure: "edge-cold" as const }, 0],
  ])("costs %s", (_, run, microUsd) => {
    expectMicroUsd(costUsd(edgeBilled({ ...run, isShadow: false })), microUsd);
  });
});

describe("a call of the origin", () => {
  const warm = { durationMs: 650, initMs: 0, memoryMiB: 3072 };
  const of = (bent: Partial<Parameters<typeof originBilled>[0]>) => {
    const { billed, isAssumed } = originBilled({ usage: warm, roundTripMs: 700, failure: null, ...bent });
    return { usd: costUsd(billed), isAssumed };
  };

  it("costs what the function reports of itself: 3 GB for 650 ms", () => {
    // 3 × 0.65 s × $0.0000166667 = $0.0000325001, and $0.0000002 for the request.
    expectMicroUsd(of({}).usd, 32.5001 + 0.2);
    expect(of({}).isAssumed).toBe(false);
  });

  it("of the published 2.5 million a month comes to $81.75 for what was stated, and to the $142.50 that were paid at a mean of 1.136 s", () => {
    // 3 GB × 0.65 s × $0.0000166667 × 2.5 M = $81.25, and $0.50 for the requests.
    expect(of({}).usd * 2.5e6).toBeCloseTo(81.25 + 0.5, 2);
    // ($142.50 − $0.50) ÷ (3 GB × $0.0000166667 × 2.5 M) = 1.136 s. Cold starts do not explain it: a P95 of 1.2 s leaves too few of them.
    expect(of({ usage: { ...warm, durationMs: 1136 } }).usd * 2.5e6).toBeCloseTo(142.5, 2);
  });

  it("costs its INIT too, rounded up to the millisecond with the rest", () => {
    // 1 GB × (100.2 + 3,000.1 → 3,101 ms) = 3.101 GB-s = $0.0000516834
    expectMicroUsd(of({ usage: { durationMs: 100.2, initMs: 3000.1, memoryMiB: 1024 } }).usd, 51.6834 + 0.2);
  });

  it("costs the round trip at 3,008 MB if the function reports no usage, and is marked as assumed", () => {
    // 2.9375 × 0.7 × 16.6667
    const { usd, isAssumed } = of({ usage: undefined });
    expectMicroUsd(usd, 34.2709 + 0.2);
    expect(isAssumed).toBe(true);
  });

  it.each(["timeout", "network", "bad-answer", "http-500", "http-413", "lost-to-other-side"] as const)(
    "that ended in %s ran all the same",
    (failure) => {
      expectMicroUsd(of({ usage: undefined, failure }).usd, 34.2709 + 0.2);
    },
  );

  it.each(["breaker-open", "origin-gone", "http-403", "http-429"] as const)("that ended in %s never ran", (failure) => {
    expect(of({ usage: undefined, failure })).toEqual({ usd: 0, isAssumed: false });
  });
});
