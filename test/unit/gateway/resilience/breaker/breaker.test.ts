import { afterEach, describe, expect, it, vi } from "vitest";
import { BreakerOpenError } from "../../../../../gateway/resilience/breaker/breaker.ts";
import type { BreakerSettings } from "../../../../../gateway/resilience/breaker/judge.ts";
import { breakerOnABench } from "./bench.ts";

const settings: BreakerSettings = { consecutive: 3, openMs: 30_000 };
const byRate: BreakerSettings = {
  consecutive: 99,
  openMs: 30_000,
  failureRatePercent: 50,
  minCalls: 10,
  slowMs: 5_000,
};

const closed = { state: "closed", reason: null, retryAtMs: null };

async function tripped(bend: Partial<BreakerSettings> = {}) {
  const bench = breakerOnABench({ ...settings, ...bend });
  for (let i = 0; i < 3; i++) await bench.call("failure");
  expect(bench.breaker.status().state).toBe("open");
  return bench;
}

/** Tripped, and the opening is over: the next call is the trial. */
async function readyToProbe(bend: Partial<BreakerSettings> = {}) {
  const bench = await tripped(bend);
  bench.clock.atMs += 30_000;
  return bench;
}

afterEach(() => void vi.restoreAllMocks());

describe("while closed", () => {
  it("hands on what the action returns and what it throws", async () => {
    const { breaker } = breakerOnABench(settings);
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
    const { breaker } = breakerOnABench(settings);
    const classify = vi.fn(() => "success" as const);
    const error = new Error("timeout");
    await breaker.run(async () => "answer", classify);
    await breaker.run(() => Promise.reject(error), classify).catch(() => undefined);
    expect(classify.mock.calls).toEqual([[{ ok: true, value: "answer" }], [{ ok: false, error }]]);
  });

  it("opens at the given number of failures in a row, not before", async () => {
    const { breaker, call, clock } = breakerOnABench(settings);
    await call("failure");
    await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status()).toEqual({ state: "open", reason: "3 failures in a row", retryAtMs: clock.atMs + 30_000 });
  });

  it("counts anew after a success", async () => {
    const { breaker, call } = breakerOnABench(settings);
    for (const outcome of ["failure", "failure", "success", "failure", "failure"] as const) await call(outcome);
    expect(breaker.status()).toEqual(closed);
  });

  it("lets ignored calls neither add to a row nor break one", async () => {
    const { breaker, call } = breakerOnABench(settings);
    for (const outcome of ["failure", "ignored", "failure", "ignored", "ignored"] as const) await call(outcome);
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().state).toBe("open");
  });

  it("keeps a row of failures however far apart they are", async () => {
    const { breaker, call, clock } = breakerOnABench(settings);
    for (let i = 0; i < 3; i++) {
      await call("failure");
      clock.atMs += 3_600_000;
    }
    expect(breaker.status().reason).toBe("3 failures in a row");
  });

  it("lets any number of calls run at once, and trips once when they all fail", async () => {
    const { breaker, begin, clock } = breakerOnABench(settings);
    const calls = Array.from({ length: 50 }, begin);
    expect(calls.every((call) => call.ran)).toBe(true);
    await Promise.all(calls.map((call) => call.ends("failure")));
    expect(breaker.status()).toEqual({ state: "open", reason: "3 failures in a row", retryAtMs: clock.atMs + 30_000 });
  });

  it("is not moved by calls that never settle", async () => {
    const { breaker, begin, call } = breakerOnABench(byRate);
    for (let i = 0; i < 1_000; i++) begin();
    expect(breaker.status()).toEqual(closed);
    for (let i = 0; i < 10; i++) await call("failure");
    expect(breaker.status().reason).toBe("10 of 10 calls failed or were slow within 10 s");
  });

  it("takes a classify that throws for an ignored call, and hands on its error", async () => {
    const { breaker } = await readyToProbe();
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
    const { breaker, call } = breakerOnABench(byRate);
    for (let i = 0; i < 5; i++) await call("success");
    for (let i = 0; i < 4; i++) await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().reason).toBe("5 of 10 calls failed or were slow within 10 s");
  });

  it("does not count ignored calls as calls", async () => {
    const { breaker, call } = breakerOnABench(byRate);
    for (let i = 0; i < 9; i++) {
      await call("failure");
      await call("ignored");
    }
    expect(breaker.status()).toEqual(closed);
  });

  // Buckets of 1 s from the first one's start: the first call falls into bucket 0, which leaves when bucket 10 begins.
  it.each([
    ["still counts at the end of its tenth bucket", 9_999, "open"],
    ["is forgotten at the next border", 10_000, "closed"],
  ])("a call %s", async (_, afterMs, state) => {
    const { breaker, call, clock } = breakerOnABench(byRate);
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
    const { breaker, begin, clock } = breakerOnABench({ ...byRate, consecutive: 2, windowMs: 1_000_000 });
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

describe("while open", () => {
  it("refuses at once, without running the action, and says until when", async () => {
    const { breaker, clock } = await tripped();
    clock.atMs += 29_999;
    const action = vi.fn(async () => 1);
    const refusal = await breaker.run(action, () => "success").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BreakerOpenError);
    expect(refusal).toMatchObject({ retryAtMs: clock.atMs + 1 });
    expect(action).not.toHaveBeenCalled();
    expect(breaker.allows()).toBe(false);
  });

  it("is not moved by calls begun before it opened", async () => {
    const { breaker, begin, clock } = breakerOnABench(settings);
    const [first, second, third, late, later] = Array.from({ length: 5 }, begin);
    for (const call of [first, second, third]) await call?.ends("failure");
    const status = breaker.status();
    clock.atMs += 10_000;
    await late?.ends("success");
    await later?.ends("failure");
    expect(breaker.status()).toEqual(status);
  });

  it("sets no timer, ever: a Worker's would die with its request", async () => {
    const timers = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")];
    const { call, clock } = await readyToProbe();
    await call("failure");
    clock.atMs += 60_000;
    await call("success");
    for (const timer of timers) expect(timer).not.toHaveBeenCalled();
  });

  it("has the jitter of its random number", async () => {
    const { breaker, call, clock } = breakerOnABench({ ...settings, consecutive: 1 }, 0);
    await call("failure");
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 27_000);
  });
});

describe("while half-open", () => {
  it("is so once the time is up, without being called", async () => {
    const { breaker } = await readyToProbe();
    expect(breaker.status()).toEqual({ state: "half-open", reason: "3 failures in a row", retryAtMs: null });
    expect(breaker.allows()).toBe(true);
  });

  it("lets one trial through and refuses the rest until its lease ends", async () => {
    const { breaker, begin, clock } = await readyToProbe();
    expect(begin().ran).toBe(true);
    expect(begin().ran).toBe(false);
    expect(breaker.status()).toMatchObject({ state: "half-open", retryAtMs: clock.atMs + 30_000 });
    expect(breaker.allows()).toBe(false);
  });

  it("closes when the trial succeeds, and has forgotten everything", async () => {
    const { breaker, call, clock } = await readyToProbe();
    await call("success");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    await call("failure");
    expect(breaker.status()).toEqual(closed);
    await call("failure");
    expect(breaker.status().retryAtMs).toBe(clock.atMs + 30_000);
  });

  it("closes on a slow trial too: an origin without calls starts cold", async () => {
    const { breaker, begin, clock } = await readyToProbe({ slowMs: 5_000 });
    const trial = begin();
    clock.atMs += 6_000;
    await trial.ends("success");
    expect(breaker.status()).toEqual(closed);
  });

  it("opens for twice as long at each failed trial, up to 300 s less jitter, and for openMs again once it closed", async () => {
    const { breaker, call, clock } = await readyToProbe();
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

  it("gives the trial to the next call when the first was ignored", async () => {
    const { breaker, call, begin } = await readyToProbe();
    await call("ignored");
    expect(breaker.status()).toEqual({ state: "half-open", reason: "3 failures in a row", retryAtMs: null });
    expect(begin().ran).toBe(true);
    expect(begin().ran).toBe(false);
  });

  it("gives up a trial that never settles when its lease ends", async () => {
    const { breaker, begin, call, clock } = await readyToProbe();
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
      const { breaker, begin, clock } = await readyToProbe();
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
    const { breaker, begin, clock } = await readyToProbe();
    const trial = begin();
    clock.atMs += 45_000;
    await trial.ends("success");
    expect(breaker.status()).toEqual(closed);
  });

  it("keeps calls of an earlier time out of the count after it closed", async () => {
    const { breaker, begin, call, clock } = breakerOnABench(settings);
    const old = Array.from({ length: 3 }, begin);
    for (let i = 0; i < 3; i++) await call("failure");
    clock.atMs += 30_000;
    await call("success");
    for (const late of old) await late.ends("failure");
    expect(breaker.status()).toEqual(closed);
  });
});

describe("configure", () => {
  it("keeps the row of failures", async () => {
    const { breaker, call } = breakerOnABench(settings);
    await call("failure");
    breaker.configure({ ...settings, consecutive: 2 });
    await call("failure");
    expect(breaker.status().reason).toBe("2 failures in a row");
  });

  it("keeps the window", async () => {
    const { breaker, call } = breakerOnABench(byRate);
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
