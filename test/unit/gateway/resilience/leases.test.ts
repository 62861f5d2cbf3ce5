import { describe, expect, it } from "vitest";
import { Leases } from "../../../../gateway/resilience/leases.ts";

describe("Leases", () => {
  it("give out at most the total amount", () => {
    const leases = new Leases(10, 1_000);
    expect(leases.take(6, 0)).toBeDefined();
    expect(leases.take(5, 0)).toBeUndefined();
    expect(leases.take(4, 0)).toBeDefined();
    expect(leases.total).toBe(10);
  });

  it("can be given back once", () => {
    const leases = new Leases(10, 1_000);
    const lease = leases.take(10, 0) ?? Number.NaN;
    leases.give(lease);
    leases.give(lease);
    expect(leases.total).toBe(0);
  });

  it("expire, so that cancelled requests do not use them up", () => {
    const leases = new Leases(10, 1_000);
    leases.take(10, 0);
    expect(leases.take(10, 999)).toBeUndefined();
    expect(leases.take(10, 1_000)).toBeDefined();
    expect(leases.total).toBe(10);
  });
});
