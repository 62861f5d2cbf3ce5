import { describe, expect, it } from "vitest";
import { originFor, pickOrigin } from "../../../../gateway/decide/pick-origin.ts";
import type { OriginConditions } from "../../../../gateway/sides.ts";

const origin = (name: string, weight: number, bend: Partial<OriginConditions> = {}): OriginConditions => ({
  name,
  weight,
  breakerAllows: true,
  allowsEarlyTrial: false,
  isFull: false,
  retryAtMs: null,
  longTextsPause: null,
  p95Ms: null,
  ...bend,
});
const open = (retryAtMs: number) => ({ breakerAllows: false, retryAtMs });
const callers = Array.from({ length: 10_000 }, (_, index) => `caller-${index}`);
const share = (origins: OriginConditions[], name: string) =>
  callers.filter((caller) => pickOrigin(origins, caller)?.name === name).length / callers.length;

describe("among several origins", () => {
  it("each gets its weight, and a caller always the same one", () => {
    const origins = [origin("a", 75), origin("b", 25)];
    expect(share(origins, "a")).toBeCloseTo(0.75, 1);
    expect(share(origins, "b")).toBeCloseTo(0.25, 1);
    for (const caller of callers.slice(0, 100)) expect(pickOrigin(origins, caller)).toBe(pickOrigin(origins, caller));
  });

  it("an origin whose breaker is open is skipped, and only its callers move", () => {
    const origins = [origin("a", 50), origin("b", 50)];
    const broken = [origin("a", 50, open(5)), origin("b", 50)];
    for (const caller of callers.slice(0, 1000)) {
      expect(pickOrigin(broken, caller)?.name).toBe("b");
      if (pickOrigin(origins, caller)?.name === "b") expect(pickOrigin(broken, caller)?.name).toBe("b");
    }
  });

  it("an origin without a place is skipped while another has one, and its breaker counts for more", () => {
    const full = { isFull: true };
    expect(share([origin("a", 75, full), origin("b", 25)], "b")).toBe(1);
    expect(pickOrigin([origin("a", 1, full), origin("spare", 0)], "x")?.name).toBe("spare");
    expect(pickOrigin([origin("a", 1, full), origin("b", 1, open(5))], "x")?.name).toBe("a");
    expect(share([origin("a", 75, full), origin("b", 25, full)], "a")).toBeCloseTo(0.75, 1);
  });

  it("one of weight 0 is called only when nothing else is left", () => {
    expect(share([origin("a", 1), origin("spare", 0)], "spare")).toBe(0);
    expect(pickOrigin([origin("a", 1, open(5)), origin("spare", 0)], "x")?.name).toBe("spare");
  });

  it("when all breakers are open the one that comes back first is named; without origins none is", () => {
    expect(pickOrigin([origin("a", 1, open(9)), origin("b", 1, open(5))], "x")?.name).toBe("b");
    expect(pickOrigin([], "x")).toBeNull();
  });

  it("one that has paused texts of the length is skipped for those, and is called for shorter ones", () => {
    const longTextsPause = { fromBytes: 8000, allowsEarlyTrial: true, retryAtMs: 7 };
    const origins = [origin("a", 75, { longTextsPause }), origin("b", 25)];
    const pickFor = (bytes: number) =>
      callers.slice(0, 1000).map((caller) => {
        const forText = origins.map((one) => originFor(one, bytes));
        return pickOrigin(forText, caller)?.name;
      });
    expect(new Set(pickFor(8000))).toEqual(new Set(["b"]));
    expect(pickFor(7999)).toEqual(callers.slice(0, 1000).map((caller) => pickOrigin(origins, caller)?.name));
  });

  it("a pause is to its texts what an open breaker is, and the later end of both counts", () => {
    const pause = { fromBytes: 8000, allowsEarlyTrial: true, retryAtMs: 7 };
    const forText = (bend: Partial<OriginConditions>) => originFor(origin("a", 1, bend), 8000);
    const well = { breakerAllows: false, allowsEarlyTrial: true, retryAtMs: 7 };
    expect(forText({ longTextsPause: pause })).toMatchObject(well);
    expect(forText({ ...open(9), longTextsPause: pause })).toMatchObject({ ...open(9), allowsEarlyTrial: false });
    expect(forText({ longTextsPause: { ...pause, retryAtMs: null } })).toMatchObject({ ...well, retryAtMs: null });
  });

  it("when all breakers are open, one that allows an early trial is named before one that comes back earlier", () => {
    const trial = { ...open(9), allowsEarlyTrial: true };
    expect(pickOrigin([origin("a", 1, open(5)), origin("b", 1, trial)], "x")?.name).toBe("b");
    expect(pickOrigin([origin("a", 1), origin("b", 1, trial)], "x")?.name).toBe("a");
  });
});
