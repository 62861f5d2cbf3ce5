/** Trials before an opening ends, for calls that no other side can take. */
import { describe, expect, it } from "vitest";
import { type Breaker, BreakerOpenError } from "../../../../../gateway/resilience/breaker/breaker.ts";
import type { CallOutcome } from "../../../../../gateway/resilience/breaker/classify.ts";
import { closed, tripped } from "./breaker-setup.ts";

const classify = (settled: { ok: true; value: CallOutcome } | { ok: false; error: unknown }) =>
  settled.ok ? settled.value : "failure";

/** @returns whether the action ran */
async function early(breaker: Breaker, outcome: CallOutcome | Promise<CallOutcome>): Promise<boolean> {
  try {
    await breaker.run(async () => outcome, classify, { mayBeEarlyTrial: true });
    return true;
  } catch (error) {
    if (error instanceof BreakerOpenError) return false;
    throw error;
  }
}

describe("an early trial", () => {
  it("is allowed a second after the opening, and closes the breaker if it succeeds", async () => {
    const { breaker, clock } = await tripped();
    clock.atMs += 999;
    expect(breaker.allowsEarlyTrial()).toBe(false);
    expect(await early(breaker, "success")).toBe(false);
    clock.atMs += 1;
    expect(breaker.allowsEarlyTrial()).toBe(true);
    expect(await early(breaker, "success")).toBe(true);
    expect(breaker.status()).toEqual(closed);
  });

  it("that fails leaves the opening as it is, and is followed by one per second", async () => {
    const { breaker, clock } = await tripped();
    const open = breaker.status();
    const ran: boolean[] = [];
    for (let tenth = 0; tenth < 100; tenth++) {
      clock.atMs += 100;
      ran.push(await early(breaker, "failure"));
      expect(breaker.status()).toEqual(open);
    }
    expect(ran.filter(Boolean)).toHaveLength(10);
  });

  it("does not shorten the opening for calls that another side can take", async () => {
    const { breaker, call, clock } = await tripped();
    clock.atMs += 5000;
    for (const outcome of ["failure", "ignored"] as const) {
      clock.atMs += 1000;
      expect(await early(breaker, outcome)).toBe(true);
      expect(breaker.allows()).toBe(false);
      expect(await call("success")).toBe(false);
      expect(breaker.status().state).toBe("open");
    }
  });

  it("runs one at a time; one that never ends is given up when its lease ends", async () => {
    const { breaker, clock } = await tripped({ openMs: 120_000, trialLeaseMs: 10_000 });
    clock.atMs += 1000;
    const lost = early(breaker, new Promise<CallOutcome>(() => {}));
    clock.atMs += 9999;
    expect(breaker.status().state).toBe("half-open");
    expect(await early(breaker, "success")).toBe(false);
    clock.atMs += 1;
    expect(breaker.status().state).toBe("open");
    expect(await early(breaker, "success")).toBe(true);
    expect(breaker.status()).toEqual(closed);
    expect(await Promise.race([lost, "pending"])).toBe("pending");
  });

  it("is not counted as a failed trial: the next opening is as long as without it", async () => {
    const { breaker, call, clock } = await tripped();
    clock.atMs += 2000;
    expect(await early(breaker, "failure")).toBe(true);
    clock.atMs += 28_000;
    expect(breaker.status()).toMatchObject({ state: "half-open", retryAtMs: null });
    expect(await call("failure")).toBe(true);
    expect(breaker.status()).toMatchObject({ state: "open", retryAtMs: clock.atMs + 60_000 });
  });

  it("is never one while the breaker is closed or half-open: the call counts as any other", async () => {
    const { breaker, clock } = await tripped();
    clock.atMs += 30_000;
    expect(breaker.allowsEarlyTrial()).toBe(false);
    expect(await early(breaker, "failure")).toBe(true);
    expect(breaker.status()).toMatchObject({ state: "open", retryAtMs: clock.atMs + 60_000 });
    clock.atMs += 60_000;
    expect(await early(breaker, "success")).toBe(true);
    expect(breaker.allowsEarlyTrial()).toBe(false);
    for (let failed = 0; failed < 3; failed++) await early(breaker, "failure");
    expect(breaker.status().state).toBe("open");
  });
});
