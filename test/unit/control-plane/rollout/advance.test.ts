/** The state machine: each event in each state. */
import { describe, expect, it } from "vitest";
import { advance } from "../../../../control-plane/rollout/advance.ts";
import { statusOf } from "../../../../control-plane/rollout/status.ts";
import { ROLLOUT_STATES, type Rollout } from "../../../../control-plane/rollout/types.ts";
import {
  armOf,
  BEFORE,
  FAILING,
  goodFor,
  HOUR_MS,
  lookAt,
  NO_TEXTS,
  policyOf,
  presentOf,
  running,
  START_MS,
  started,
  UNDECIDED,
} from "../../../support/rollout.ts";

const NOW = START_MS + 2 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** The pending write succeeds. */
function written(rollout: Rollout, version: number, nowMs = NOW): Rollout {
  const write = rollout.pending?.number ?? 0;
  return advance(rollout, { kind: "write-succeeded", nowMs, write, version }).rollout;
}

function command(rollout: Rollout, kind: "pause" | "resume" | "abort") {
  return advance(rollout, { kind, nowMs: NOW, by: "ann" });
}

describe("a rollout that goes well", () => {
  it("asks for each step as a new version, and has succeeded when the last one is written", () => {
    const begun = started();
    expect(begun.actions).toEqual([
      {
        kind: "write",
        number: 1,
        values: { ...BEFORE, sharePercent: 10, shadowPercent: 10 },
        expectedVersion: 3,
        reason: "rollout #1: 10 %",
      },
    ]);
    let rollout = written(begun.rollout, 4, START_MS);
    const seen = [];
    for (let day = 1; day <= 3; day++) {
      const nowMs = START_MS + 2 * day * DAY_MS;
      const looked = lookAt(rollout, goodFor(rollout), { nowMs });
      expect(looked.look).toMatchObject({ number: day, verdict: "successful", policyVersion: 3 + day });
      seen.push(
        looked.actions.map(({ values, expectedVersion }) => [
          values.sharePercent,
          values.shadowPercent,
          expectedVersion,
        ]),
      );
      rollout = written(looked.rollout, 4 + day, nowMs);
    }
    expect(seen).toEqual([[[50, 10, 4]], [[95, 10, 5]], [[100, 0, 6]]]);
    expect(rollout).toMatchObject({
      state: "succeeded",
      policyVersion: 7,
      endedMs: START_MS + 6 * DAY_MS,
      pending: null,
    });
  });

  it("is held when texts suffice and nothing is decided, and continues when it is decided", () => {
    const held = lookAt(running(), UNDECIDED);
    expect(held.rollout).toMatchObject({ state: "held", step: 0 });
    expect(held.actions).toEqual([]);
    expect(statusOf(held.rollout)).toMatchObject({
      id: 1,
      kind: "share",
      target: 100,
      state: "held",
      step: "10 %",
      verdict: "inconclusive",
      reason: expect.stringContaining("Not decided"),
      missing: [{ texts: null }],
    });
    // The next scheduled look at P95.
    const decided = lookAt(held.rollout, goodFor(held.rollout, 2), { nowMs: NOW + HOUR_MS });
    expect(decided.rollout).toMatchObject({ state: "running", pending: { toStep: 1 } });
  });

  it.each([
    ["a minute without a text", NO_TEXTS, 60_000, "running"],
    ["two minutes without a text", NO_TEXTS, 120_000, "held"],
    ["too few texts that come", { treatment: armOf(50, 0, 0.5), lastTextMs: START_MS + 100_000 }, 120_000, "running"],
    ["too few texts, and none for an hour", { treatment: armOf(50, 0, 0.5), lastTextMs: START_MS }, HOUR_MS, "held"],
  ] as const)("lacks texts: after %s", (_, figures, afterMs, state) => {
    const looked = lookAt(running(), { lastTextMs: null, ...figures }, { nowMs: START_MS + afterMs });
    expect(looked).toMatchObject({ actions: [], look: { verdict: "inconclusive" }, rollout: { state } });
    expect(looked.look?.missing[0]?.texts).toBeGreaterThan(0);
  });

  it("does not write a step whose figures no longer suffice", () => {
    const successful = lookAt(running());
    const failed = advance(successful.rollout, { kind: "write-failed", nowMs: NOW, write: 2, problem: "KV is down" });
    expect(statusOf(failed.rollout).pending).toMatchObject({ attempts: 1, lastProblem: "KV is down" });
    expect(lookAt(failed.rollout).actions).toMatchObject([{ number: 2 }]);
    const undecided = lookAt(failed.rollout, { coverage: 0.5 });
    expect(undecided.rollout).toMatchObject({ state: "held", pending: null });
    expect(undecided.actions).toEqual([]);
  });

  it("a target below 100 % ends without another version, unless shadow texts were added for it", () => {
    const policy = policyOf(3, { ...BEFORE, shadowPercent: 20 }, null);
    const looked = lookAt(running({ target: 10, policy }));
    expect(looked).toMatchObject({ rollout: { state: "succeeded" }, actions: [] });
    const restoring = lookAt(running({ target: 10 }));
    expect(restoring.actions).toMatchObject([{ values: { sharePercent: 10, shadowPercent: 0 } }]);
  });
});

describe("a failed step", () => {
  it.each(["running", "held", "paused"] as const)("is rolled back at once while %s", (state) => {
    const looked = lookAt({ ...running(), state }, FAILING);
    expect(looked.look?.verdict).toBe("failed");
    expect(looked.actions).toEqual([
      { kind: "write", number: 2, values: BEFORE, expectedVersion: 4, reason: "rollout #1: rolled back" },
    ]);
    expect(written(looked.rollout, 5)).toMatchObject({
      state: "failed",
      pending: null,
      policyVersion: 5,
      endedMs: NOW,
    });
  });

  it("is rolled back also while its next step waits to be written", () => {
    const looked = lookAt(lookAt(running()).rollout, FAILING);
    expect(looked.actions).toMatchObject([{ values: BEFORE, reason: "rollout #1: rolled back" }]);
  });

  it("asks for its rollback at each look until it is written, and then no more", () => {
    let { rollout } = lookAt(running(), FAILING);
    for (let attempt = 2; attempt < 5; attempt++) {
      rollout = advance(rollout, { kind: "write-failed", nowMs: NOW, write: 2, problem: "KV is down" }).rollout;
      const again = lookAt(rollout, FAILING);
      expect(again).toMatchObject({ actions: [{ number: 2, values: BEFORE }], look: null });
      rollout = again.rollout;
      expect(rollout).toMatchObject({ state: "failed", pending: { attempts: attempt, lastProblem: "KV is down" } });
    }
    const done = written(rollout, 5);
    expect(lookAt(done, FAILING, { policy: policyOf(5, BEFORE) }).actions).toEqual([]);
  });

  it("is rolled back on top of another author's version that left the share as it was", () => {
    const rollout = running();
    const theirs = policyOf(9, { ...presentOf(rollout).values, shadowPercent: 30 }, null);
    const looked = lookAt(rollout, FAILING, { policy: theirs });
    expect(looked.rollout.state).toBe("failed");
    expect(looked.actions).toMatchObject([{ expectedVersion: 9, values: { sharePercent: 0, shadowPercent: 30 } }]);
  });

  it("leaves what another author has set while the rollback waited", () => {
    const { rollout } = lookAt(running(), FAILING);
    const looked = lookAt(rollout, FAILING, { policy: policyOf(5, { ...BEFORE, sharePercent: 2 }, null) });
    expect(looked.actions).toEqual([]);
    expect(looked.rollout).toMatchObject({ state: "failed", pending: null });
    expect(looked.rollout.reason).toContain("Policy version 5 of another author has replaced");
  });
});

describe("a pause", () => {
  it.each<[string, number, number | null, RegExp]>([
    ["without a text for 24 h", DAY_MS, null, /^Paused: no text for 24 h\. Missing: 1,000 texts inside the share/],
    ["7 days in one step", 7 * DAY_MS, 7 * DAY_MS, /^Paused: no decision in 7 days of this step\. Missing:/],
  ])("%s, with what is missing", (_, afterMs, lastTextMs, reason) => {
    const figures = {
      lastTextMs: lastTextMs === null ? null : START_MS + lastTextMs,
      ...(lastTextMs === null ? NO_TEXTS : UNDECIDED),
    };
    const before = lookAt(running(), figures, { nowMs: START_MS + afterMs - 1 }).rollout;
    expect(before.state).not.toBe("paused");
    const looked = lookAt(before, figures, { nowMs: START_MS + afterMs });
    expect(looked).toMatchObject({ actions: [], rollout: { state: "paused" } });
    expect(looked.rollout.reason).toMatch(reason);
    // The days begin anew.
    const resumed = advance(looked.rollout, { kind: "resume", nowMs: START_MS + afterMs, by: "ann" }).rollout;
    expect(lookAt(resumed, figures, { nowMs: START_MS + afterMs + HOUR_MS }).rollout.state).not.toBe("paused");
  });

  it("ships nothing, however good the figures are, until it is resumed", () => {
    const paused = command(running(), "pause").rollout;
    const looked = lookAt(paused);
    expect(looked).toMatchObject({ actions: [], look: { verdict: "successful" }, rollout: { state: "paused" } });
    expect(lookAt(command(looked.rollout, "resume").rollout).actions).toMatchObject([{ values: { sharePercent: 50 } }]);
  });

  it("before the first step is written asks for no write", () => {
    const paused = command(started().rollout, "pause").rollout;
    expect(lookAt(paused).actions).toEqual([]);
    expect(lookAt(command(paused, "resume").rollout).actions).toHaveLength(1);
  });
});

describe("commands", () => {
  const ALLOWED = { pause: ["running", "held"], resume: ["paused"], abort: ["running", "held", "paused"] } as const;
  it.each(ROLLOUT_STATES)("%s: what does not apply is refused with the reason, and changes nothing", (state) => {
    const rollout: Rollout = { ...running(), state };
    for (const kind of ["pause", "resume", "abort"] as const) {
      const isAllowed = (ALLOWED[kind] as readonly string[]).includes(state);
      const { refused, rollout: next } = command(rollout, kind);
      expect(refused === null, `${kind} while ${state}`).toBe(isAllowed);
      if (isAllowed) continue;
      expect(next).toBe(rollout);
      expect(refused).toMatch(new RegExp(`^Rollout #1 is ${state} and cannot be ${kind}`));
    }
  });

  it("abort rolls back at once, and before the first step has nothing to roll back", () => {
    expect(command(running(), "abort")).toMatchObject({
      actions: [{ values: BEFORE, reason: "rollout #1: rolled back" }],
      rollout: { state: "aborted", reason: "Aborted by ann." },
    });
    expect(command(started().rollout, "abort")).toMatchObject({
      actions: [],
      rollout: { state: "aborted", pending: null },
    });
  });

  it("an answer to an earlier write does not end the present one", () => {
    const { rollout } = lookAt(running(), FAILING);
    for (const kind of ["write-succeeded", "write-failed"] as const) {
      const event = { kind, nowMs: NOW, write: 1, version: 5, problem: "late" };
      expect(advance(rollout, event).rollout).toBe(rollout);
    }
  });
});
