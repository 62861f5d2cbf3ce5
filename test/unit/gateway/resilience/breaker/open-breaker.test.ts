/** An open and a half-open breaker: what it refuses, and which call is the trial. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BreakerOpenError } from "../../../../../gateway/resilience/breaker/breaker.ts";
import { breakerWithClock, closed, readyForTrial, settings, tripped } from "./breaker-setup.ts";

afterEach(() => void vi.restoreAllMocks());

describe("while open", () => {
  it("refuses at once, without running the action, and reports until when", async () => {
    const { breaker, clock } = await tripped();
    clock.atMs += 29_999;
    const action = vi.fn(async () => 1);
    const refusal = await breaker.run(action, () => "success").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BreakerOpenError);
    expect(refusal).toMatchObject({ retryAtMs: clock.atMs + 1 });
    expect(action).not.toHaveBeenCalled();
    expect(breaker.allows()).toBe(false);
  });

  it("ignores the results of calls that began before it opened", async () => {
    const { breaker, begin, clock } = breakerWithClock(settings);
    const [first, second, third, late, later] = Array.from({ length: 5 }, begin);
    for (const call of [first, second, third]) await call?.ends("failure");
    const status = breaker.status();
    clock.atMs += 10_000;
    await late?.ends("success");
    await later?.ends("failure");
    expect(breaker.status()).toEqual(status);
  });

  it("never sets a timer: the runtime would cancel it with its request", async () => {
    const timers = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")];
    const { call, clock } = await readyForTrial();
    await call("failure");
    clock.atMs += 60_000;
    await call("success");
    for (const timer of timers) expect(timer).not.toHaveBeenCalled();
  });

  it("has the jitter of its random number", async () => {
    const { breaker, call, clock } = breakerWithClock({ ...settings, consecutive: 1 }, 0);
    await call("failure");
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 27_000);
  });
});

describe("while half-open", () => {
  it("is half-open once the time is up, without a call", async () => {
    const { breaker } = await readyForTrial();
    expect(breaker.status()).toEqual({ state: "half-open", reason: "3 failures in a row", retryAtMs: null });
    expect(breaker.allows()).toBe(true);
  });

  it("runs one trial and refuses the other calls until its lease ends", async () => {
    const { breaker, begin, clock } = await readyForTrial();
    expect(begin().ran).toBe(true);
    expect(begin().ran).toBe(false);
    expect(breaker.status()).toMatchObject({ state: "half-open", retryAtMs: clock.atMs + 30_000 });
    expect(breaker.allows()).toBe(false);
  });

  it("closes when the trial succeeds, with all counts reset", async () => {
    const { breaker, call, clock } = await readyForTrial();
    await call("success");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 30_000);
  });

  it("closes on a slow trial too: an origin without calls starts cold", async () => {
    const { breaker, begin, clock } = await readyForTrial({ slowMs: 5_000 });
    const trial = begin();
    clock.atMs += 6_000;
    await trial.ends("success");
    expect(breaker.status()).toEqual(closed);
  });

  it("opens for twice as long at each failed trial, up to 300 s less jitter, and for openMs again once it closed", async () => {
    const { breaker, call, clock } = await readyForTrial();
    for (const openMs of [60_000, 120_000, 240_000, 272_727, 272_727]) {
      expect(await call("failure")).toBe(true);
      expect(breaker.status()).toMatchObject({ state: "open", retryAtMs: clock.atMs + openMs });
      clock.atMs += openMs - 1;
      expect(await call("success")).toBe(false);
      clock.atMs += 1;
    }
    expect(breaker.status().reason).toBe("3 failures in a row; 5 failed trials since");
    await call("success");
    for (let i = 0; i < 3; i++) await call("failure");
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 30_000);
  });

  it("makes the next call the trial when the first trial was ignored", async () => {
    const { breaker, call, begin } = await readyForTrial();
    await call("ignored");
    expect(breaker.status()).toEqual({ state: "half-open", reason: "3 failures in a row", retryAtMs: null });
    expect(begin().ran).toBe(true);
    expect(begin().ran).toBe(false);
  });

  it("abandons a trial that never settles when its lease ends", async () => {
    const { breaker, begin, call, clock } = await readyForTrial();
    begin();
    clock.atMs += 29_999;
    expect(breaker.allows()).toBe(false);
    clock.atMs += 1;
    expect(breaker.status()).toMatchObject({ state: "half-open", retryAtMs: null });
    expect(await call("success")).toBe(true);
    expect(breaker.status()).toEqual(closed);
  });

  it.each(["success", "failure", "ignored"] as const)(
    "is not moved by the %s of a trial given up for another",
    async (end) => {
      const { breaker, begin, clock } = await readyForTrial();
      const first = begin();
      clock.atMs += 30_000;
      const second = begin();
      expect(second.ran).toBe(true);
      const status = breaker.status();
      await first.ends(end);
      expect(breaker.status()).toEqual(status);
      expect(begin().ran).toBe(false);
      await second.ends("success");
      expect(breaker.status()).toEqual(closed);
    },
  );

  it("still accepts the result of a late trial while no other trial has started", async () => {
    const { breaker, begin, clock } = await readyForTrial();
    const trial = begin();
    clock.atMs += 45_000;
    await trial.ends("success");
    expect(breaker.status()).toEqual(closed);
  });

  it("does not count calls that began before it opened after it has closed", async () => {
    const { breaker, begin, call, clock } = breakerWithClock(settings);
    const old = Array.from({ length: 3 }, begin);
    for (let i = 0; i < 3; i++) await call("failure");
    clock.atMs += 30_000;
    await call("success");
    for (const late of old) await late.ends("failure");
    expect(breaker.status()).toEqual(closed);
  });
});
