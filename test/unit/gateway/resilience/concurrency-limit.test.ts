import { describe, expect, it } from "vitest";
import {
  ConcurrencyLimit,
  MAX_PLACES,
  PLACE_LEASE_MS,
  type Place,
  type PlaceOutcome,
  STEADY_MS,
} from "../../../../gateway/resilience/concurrency-limit.ts";

/** Takes places until there are none. */
function fill(limit: ConcurrencyLimit, caller: string | null = null, nowMs = 0): Place[] {
  const places: Place[] = [];
  for (let place = limit.acquire(caller, nowMs); place !== null; place = limit.acquire(caller, nowMs))
    places.push(place);
  return places;
}

function end(places: readonly Place[], outcome: PlaceOutcome): void {
  for (const place of places) place.release(outcome);
}

describe("the calls of an origin that run at once", () => {
  it("have a bound, and a place that is given back twice counts once", () => {
    const limit = new ConcurrencyLimit();
    const places = fill(limit);
    expect([places.length, limit.isFull(null, 0)]).toEqual([MAX_PLACES, true]);
    end(places.slice(0, 2), "answered");
    end(places.slice(0, 2), "answered");
    expect(fill(limit)).toHaveLength(2);
  });

  it("are halved when the origin turns calls away, once for the calls that began together", () => {
    const limit = new ConcurrencyLimit();
    const twenty = Array.from({ length: 20 }, () => limit.acquire(null, 0)).filter((place) => place !== null);
    end(twenty.slice(0, 10), "turned-away");
    expect(limit.places).toBe(10);
    end(twenty.slice(10), "turned-away");
    expect(limit.places).toBe(10);
    end(fill(limit), "turned-away");
    expect(limit.places).toBe(5);
  });

  it("are never fewer than two, of which a caller has one", () => {
    const limit = new ConcurrencyLimit();
    for (let round = 0; round < 10; round++) end(fill(limit), "turned-away");
    expect(limit.places).toBe(2);
    expect([fill(limit, "key:a").length, fill(limit, "key:b").length]).toEqual([1, 1]);
  });

  it("do not grow within 10 s of a decrease: a text that finds the limit is refused", () => {
    const limit = new ConcurrencyLimit();
    end(fill(limit), "turned-away");
    const before = limit.places;
    for (let round = 0; round < 50; round++) end(fill(limit, null, STEADY_MS - 1), "answered");
    expect(limit.places).toBe(before);
    end(fill(limit, null, STEADY_MS), "answered");
    end(fill(limit, null, STEADY_MS), "answered");
    expect(limit.places).toBe(before + 1);
  });

  it("grow by one with each round of answers at the limit, up to the bound; idle answers and failures show nothing", () => {
    const limit = new ConcurrencyLimit();
    const ten = Array.from({ length: 10 }, () => limit.acquire(null, 0)).filter((place) => place !== null);
    end(ten, "turned-away");
    expect(limit.places).toBe(5);
    for (let round = 1; round <= 3; round++) {
      end(fill(limit, null, STEADY_MS).toReversed(), "answered");
      // Answers of the round's second half come from a limit that is no longer used.
      expect(limit.places).toBeGreaterThanOrEqual(5);
    }
    const before = limit.places;
    for (let call = 0; call < 100; call++) limit.acquire(null, STEADY_MS)?.release("answered");
    end(fill(limit, null, STEADY_MS), "unknown");
    expect(limit.places).toBe(before);
    for (let round = 0; round < 2000; round++) end(fill(limit, null, STEADY_MS), "answered");
    expect(limit.places).toBe(MAX_PLACES);
  });

  it("are half one caller's at most, so that others find a place", () => {
    const limit = new ConcurrencyLimit();
    const ofOne = fill(limit, "key:a");
    expect(ofOne).toHaveLength(MAX_PLACES / 2);
    expect(["key:a", "key:b", null].map((caller) => limit.isFull(caller, 0))).toEqual([true, false, false]);
    expect(limit.acquire("key:b", 0)).not.toBeNull();
    end(ofOne, "turned-away");
    expect(limit.places).toBe(16);
    expect(fill(limit, "key:a")).toHaveLength(8);
    expect(fill(limit, "key:b").length).toBeGreaterThan(0);
  });

  it("expire, so that cancelled requests do not use them up", () => {
    const limit = new ConcurrencyLimit();
    fill(limit, "key:a");
    fill(limit);
    expect(limit.acquire("key:a", PLACE_LEASE_MS - 1)).toBeNull();
    expect(limit.acquire("key:a", PLACE_LEASE_MS)).not.toBeNull();
  });
});
