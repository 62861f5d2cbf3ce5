/** A closed breaker: what it counts, and when it opens. */
import { describe, expect, it, vi } from "vitest";
import type { BreakerSettings } from "../../../../../gateway/resilience/breaker/judge.ts";
import { breakerWithClock, closed, readyForTrial, settings, tripped } from "./breaker-setup.ts";

const byRate: BreakerSettings = {
  consecutive: 99,
  openMs: 30_000,
  failureRatePercent: 50,
  minCalls: 10,
  slowMs: 5_000,
};

describe("while closed", () => {
  it("returns the result of the action and throws its error", async () => {
    const { breaker } = breakerWithClock(settings);
    expect(
      await breaker.run(
        async () => 42,
        () => "failure",
      ),
    ).toBe(42);
    const error = new Error("reset by peer");
    await expect(
      breaker.run(
        () => Promise.reject(error),
        () => "ignored",
      ),
    ).rejects.toBe(error);
  });

  it("shows classify how the call ended", async () => {
    const { breaker } = breakerWithClock(settings);
    const classify = vi.fn(() => "success" as const);
    const error = new Error("timeout");
    await breaker.run(async () => "answer", classify);
    await breaker.run(() => Promise.reject(error), classify).catch(() => undefined);
    expect(classify.mock.calls).toEqual([[{ ok: true, value: "answer" }], [{ ok: false, error }]]);
  });

  it("opens at the given number of failures in a row, not before", async () => {
    const { breaker, call, clock } = breakerWithClock(settings);
    await call("failure");
    await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status()).toEqual({ state: "open", reason: "3 failures in a row", retryAtMs: clock.atMs + 30_000 });
  });

  it("starts a new count after a success", async () => {
    const { breaker, call } = breakerWithClock(settings);
    for (const outcome of ["failure", "failure", "success", "failure", "failure"] as const) await call(outcome);
    expect(breaker.status()).toEqual(closed);
  });

  it("lets ignored calls neither add to a row nor break one", async () => {
    const { breaker, call } = breakerWithClock(settings);
    for (const outcome of ["failure", "ignored", "failure", "ignored", "ignored"] as const) await call(outcome);
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().state).toBe("open");
  });

  it("keeps a row of failures however far apart they are", async () => {
    const { breaker, call, clock } = breakerWithClock(settings);
    for (let i = 0; i < 3; i++) {
      await call("failure");
      clock.atMs += 3_600_000;
    }
    expect(breaker.status().reason).toBe("3 failures in a row");
  });

  it("runs any number of calls at once, and opens once when all of them fail", async () => {
    const { breaker, begin, clock } = breakerWithClock(settings);
    const calls = Array.from({ length: 50 }, begin);
    expect(calls.every((call) => call.ran)).toBe(true);
    await Promise.all(calls.map((call) => call.ends("failure")));
    expect(breaker.status()).toEqual({ state: "open", reason: "3 failures in a row", retryAtMs: clock.atMs + 30_000 });
  });

  it("is not moved by calls that never settle", async () => {
    const { breaker, begin, call } = breakerWithClock(byRate);
    for (let i = 0; i < 1_000; i++) begin();
    expect(breaker.status()).toEqual(closed);
    for (let i = 0; i < 10; i++) await call("failure");
    expect(breaker.status().reason).toBe("10 of 10 calls failed or were slow within 10 s");
  });

  it("treats a classify that throws as an ignored call, and throws its error", async () => {
    const { breaker } = await readyForTrial();
    const bug = new Error("classify has a bug");
    const classify = () => {
      throw bug;
    };
    await expect(breaker.run(async () => 1, classify)).rejects.toBe(bug);
    expect(breaker.status()).toMatchObject({ state: "half-open", retryAtMs: null });
  });
});

describe("the failure rate", () => {
  it("trips at the limit, once the window holds enough calls", async () => {
    const { breaker, call } = breakerWithClock(byRate);
    for (let i = 0; i < 5; i++) await call("success");
    for (let i = 0; i < 4; i++) await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().reason).toBe("5 of 10 calls failed or were slow within 10 s");
  });

  it("does not count ignored calls as calls", async () => {
    const { breaker, call } = breakerWithClock(byRate);
    for (let i = 0; i < 9; i++) {
      await call("failure");
      await call("ignored");
    }
    expect(breaker.status()).toEqual(closed);
  });

  // Buckets of 1 s from the first one's start: the first call falls into bucket 0, which leaves when bucket 10 begins.
  it.each([
    ["still counts at the end of its tenth bucket", 9_999, "open"],
    ["is dropped at the next bucket", 10_000, "closed"],
  ])("a call %s", async (_, afterMs, state) => {
    const { breaker, call, clock } = breakerWithClock(byRate);
    clock.atMs = 2_000_000;
    await call("failure");
    for (let i = 0; i < 8; i++) {
      clock.atMs += 1_000;
      await call("failure");
    }
    clock.atMs = 2_000_000 + afterMs;
    await call("failure");
    expect(breaker.status().state).toBe(state);
  });

  it("counts an answer later than slowMs as bad, but not as a failure in a row", async () => {
    const { breaker, begin, clock } = breakerWithClock({ ...byRate, consecutive: 2, windowMs: 1_000_000 });
    for (let i = 0; i < 9; i++) {
      const call = begin();
      clock.atMs += 5_001;
      await call.ends("success");
    }
    expect(breaker.status()).toEqual(closed);
    const tenth = begin();
    clock.atMs += 5_001;
    await tenth.ends("success");
    expect(breaker.status().reason).toBe("10 of 10 calls failed or were slow within 1000 s");
  });
});

describe("configure", () => {
  it("keeps the row of failures", async () => {
    const { breaker, call } = breakerWithClock(settings);
    await call("failure");
    breaker.configure({ ...settings, consecutive: 2 });
    await call("failure");
    expect(breaker.status().reason).toBe("2 failures in a row");
  });

  it("keeps the window", async () => {
    const { breaker, call } = breakerWithClock(byRate);
    for (let i = 0; i < 4; i++) await call("failure");
    breaker.configure({ ...byRate, minCalls: 5 });
    await call("failure");
    expect(breaker.status().reason).toBe("5 of 5 calls failed or were slow within 10 s");
  });

  it("shortens an opening under way", async () => {
    const { breaker, clock } = await tripped();
    breaker.configure({ ...settings, openMs: 1_000 });
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 1_000);
    clock.atMs += 1_000;
    expect(breaker.allows()).toBe(true);
  });
});
