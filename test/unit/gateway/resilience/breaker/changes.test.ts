import { describe, expect, it } from "vitest";
import { type BreakerChange, createBreaker } from "../../../../../gateway/resilience/breaker/breaker.ts";

function observed() {
  let nowMs = 1_000_000;
  const changes: BreakerChange[] = [];
  const breaker = createBreaker(
    "test",
    { consecutive: 2, openMs: 1000 },
    { clock: { nowMs: () => nowMs }, random: () => 0, changed: (change) => changes.push(change) },
  );
  const call = (ok: boolean) =>
    breaker
      .run(
        () => (ok ? Promise.resolve() : Promise.reject(new Error("no"))),
        (settled) => (settled.ok ? "success" : "failure"),
      )
      .catch(() => {});
  return {
    changes,
    call,
    moveMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

const reason = "2 failures in a row";

describe("a breaker reports each change once", () => {
  it("from closed over open to closed", async () => {
    const { changes, call, moveMs } = observed();
    await call(true);
    await call(false);
    expect(changes).toEqual([]);
    await call(false);
    await call(true); // refused
    moveMs(5000);
    await call(true);
    expect(changes).toEqual([
      { from: "closed", to: "open", reason },
      { from: "open", to: "half-open", reason },
      { from: "half-open", to: "closed", reason: null },
    ]);
  });

  it("when a trial fails", async () => {
    const { changes, call, moveMs } = observed();
    await call(false);
    await call(false);
    moveMs(5000);
    await call(false);
    expect(changes.slice(1)).toEqual([
      { from: "open", to: "half-open", reason },
      { from: "half-open", to: "open", reason: `${reason}; 1 failed trial since` },
    ]);
  });
});
