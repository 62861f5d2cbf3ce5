import { describe, expect, it } from "vitest";
import { RecentP95 } from "../../../../gateway/resilience/recent-p95.ts";

function of(times: readonly number[], nowMs = 0): RecentP95 {
  const recent = new RecentP95();
  for (const tookMs of times) recent.observe(tookMs, nowMs);
  return recent;
}

describe("the recent P95", () => {
  it("is unknown while fewer than five calls are known", () => {
    expect(of([100, 100, 100, 100]).p95Ms(0)).toBeNull();
    expect(of([100, 100, 100, 100, 100]).p95Ms(0)).not.toBeNull();
  });

  it("is at most a tenth above the true P95", () => {
    const times = Array.from({ length: 1000 }, (_, index) => index + 1);
    const p95Ms = of(times).p95Ms(0) ?? 0;
    expect(p95Ms).toBeGreaterThanOrEqual(950);
    expect(p95Ms).toBeLessThanOrEqual(950 * 1.1);
  });

  it("decays: calls of minutes ago no longer count, and fast calls replace a slow minute", () => {
    const recent = of(Array(100).fill(3000));
    expect(recent.p95Ms(30_000)).toBeGreaterThan(2900);
    expect(recent.p95Ms(300_000)).toBeNull();
    for (let call = 0; call < 100; call++) recent.observe(50, 180_000);
    expect(recent.p95Ms(180_000)).toBeLessThan(60);
  });

  it.each([0, 1, 60_000, 10_000_000])("accepts a time of %s ms", (tookMs) => {
    expect(of(Array(5).fill(tookMs)).p95Ms(0)).toBeGreaterThan(0);
  });
});
