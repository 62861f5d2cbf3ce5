/** How many are inside, how much they hold, and that nothing of it is lost, whatever becomes of a request. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LEASE_MS, MAX_BODIES_BYTES, type Slot, Slots } from "../../../../gateway/admit/slots.ts";

const LIMITS = { concurrentRequests: 2, bodyBytes: 1_048_576 };

function entered(intake: Slots, nowMs = 0, limits = LIMITS): Slot {
  const place = intake.acquire(limits, null, nowMs);
  if (place === null) throw new Error("there is no place left");
  return place;
}

describe("places", () => {
  it("are as many as the policy allows, and one that is left is free again", () => {
    const intake = new Slots();
    const first = entered(intake);
    entered(intake);
    expect(intake.acquire(LIMITS, null, 0)).toBeNull();
    first.release();
    first.release();
    expect(intake.requests).toBe(1);
    entered(intake);
    expect(intake.acquire(LIMITS, null, 0)).toBeNull();
  });

  it("follow a policy that changes", () => {
    const intake = new Slots();
    entered(intake);
    expect(intake.acquire({ ...LIMITS, concurrentRequests: 1 }, null, 0)).toBeNull();
    expect(intake.acquire({ ...LIMITS, concurrentRequests: 3 }, null, 0)).not.toBeNull();
  });

  it("of requests that died come back with all they held, as long as the lease after their last sign of life", () => {
    const intake = new Slots();
    entered(intake).reserveBytes(1000, 5000);
    entered(intake);
    expect(intake.acquire(LIMITS, null, LEASE_MS - 1)).toBeNull();
    // The silent one goes, the one that has sent something stays.
    entered(intake, LEASE_MS);
    expect([intake.requests, intake.bytes]).toEqual([2, 1000]);
    entered(intake, LEASE_MS + 5000);
    expect([intake.requests, intake.bytes]).toEqual([2, 0]);
  });

  it("of requests that only seemed dead are counted again at their next sign of life", () => {
    const intake = new Slots();
    const slow = entered(intake);
    slow.reserveBytes(1000, 0);
    entered(intake, LEASE_MS);
    entered(intake, LEASE_MS);
    expect([intake.requests, intake.bytes]).toEqual([2, 0]);
    slow.renew(LEASE_MS);
    expect([intake.requests, intake.bytes]).toEqual([3, 1000]);
    slow.release();
    expect([intake.requests, intake.bytes]).toEqual([2, 0]);
  });
});

describe("one caller", () => {
  const limits = { concurrentRequests: 8, bodyBytes: 1_048_576 };

  it("has half of the places, and the rest is for the others", () => {
    const intake = new Slots();
    const mine = Array.from({ length: 4 }, () => intake.acquire(limits, "key:a", 0));
    expect(mine.every((place) => place !== null)).toBe(true);
    expect(intake.acquire(limits, "key:a", 0)).toBeNull();
    expect(intake.acquire(limits, "key:b", 0)).not.toBeNull();
    mine[0]?.release();
    expect(intake.acquire(limits, "key:a", 0)).not.toBeNull();
    // What died is no longer held against it.
    expect(intake.acquire(limits, "key:a", LEASE_MS)).not.toBeNull();
  });

  it("has half of the bytes, over all of its bodies, and always as many as one body may have", () => {
    const intake = new Slots();
    const [one, two, other] = ["key:a", "key:a", "key:b"].map((caller) => intake.acquire(limits, caller, 0));
    expect(one?.reserveBytes(MAX_BODIES_BYTES / 2 - 10, 0)).toBe(true);
    expect([two?.reserveBytes(10, 0), two?.reserveBytes(1, 0)]).toEqual([true, false]);
    expect(other?.reserveBytes(MAX_BODIES_BYTES / 2, 0)).toBe(true);
    const large = { ...limits, bodyBytes: MAX_BODIES_BYTES };
    expect(new Slots().acquire(large, "key:a", 0)?.reserveBytes(MAX_BODIES_BYTES, 0)).toBe(true);
  });

  it("that is not counted as any caller may hold all of them", () => {
    const intake = new Slots();
    for (let place = 0; place < 8; place++) expect(intake.acquire(limits, null, 0)).not.toBeNull();
    expect(intake.acquire(limits, null, 0)).toBeNull();
  });
});

describe("bytes", () => {
  it("of all bodies together are bounded, and given back with the place", () => {
    const intake = new Slots();
    const [first, second] = [entered(intake), entered(intake)];
    expect(first.reserveBytes(MAX_BODIES_BYTES - 10, 0)).toBe(true);
    expect(second.reserveBytes(10, 0)).toBe(true);
    expect(second.reserveBytes(1, 0)).toBe(false);
    first.release();
    expect(second.reserveBytes(1, 0)).toBe(true);
    second.release();
    expect(intake.bytes).toBe(0);
  });

  it("of requests that died make room", () => {
    const intake = new Slots();
    entered(intake).reserveBytes(MAX_BODIES_BYTES, 0);
    const other = entered(intake, LEASE_MS - 1);
    expect(other.reserveBytes(1, LEASE_MS - 1)).toBe(false);
    expect(other.reserveBytes(1, LEASE_MS)).toBe(true);
    expect([intake.requests, intake.bytes]).toEqual([1, 1]);
  });

  it("of one body that the policy allows always fit if it is the only one", () => {
    const limits = { ...LIMITS, bodyBytes: 2 * MAX_BODIES_BYTES };
    const place = entered(new Slots(), 0, limits);
    expect([place.reserveBytes(2 * MAX_BODIES_BYTES, 0), place.reserveBytes(1, 0)]).toEqual([true, false]);
  });
});

it("whatever happens in whatever order, nothing is left once all have left", () => {
  const step = fc.record({
    who: fc.nat(5),
    what: fc.constantFrom("enter", "hold", "renew", "leave"),
    waitMs: fc.nat(60_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const intake = new Slots();
      const places = new Map<number, Slot>();
      let nowMs = 0;
      for (const { who, what, waitMs } of steps) {
        nowMs += waitMs;
        const place = places.get(who);
        if (what === "enter" && place === undefined) {
          const entered = intake.acquire({ concurrentRequests: 3, bodyBytes: 1 }, null, nowMs);
          if (entered !== null) places.set(who, entered);
        } else if (what === "hold") place?.reserveBytes(1_000_000, nowMs);
        else if (what === "renew") place?.renew(nowMs);
        else if (what === "leave") {
          place?.release();
          places.delete(who);
        }
        expect(intake.bytes).toBeGreaterThanOrEqual(0);
        expect(intake.bytes % 1_000_000).toBe(0);
      }
      for (const place of places.values()) place.release();
      expect([intake.requests, intake.bytes]).toEqual([0, 0]);
    }),
  );
});
