/** Who has written the policy in force: another author interrupts, the rollout's own writes are recognized, also after a restart. */
import { describe, expect, it } from "vitest";
import { advance } from "../../../../control-plane/rollout/advance.ts";
import type { Rollout } from "../../../../control-plane/rollout/types.ts";
import {
  BEFORE,
  FAILING,
  lookAt,
  policyOf,
  presentOf,
  running,
  START_MS,
  started,
  UNDECIDED,
} from "../../../support/rollout.ts";

describe("another policy version", () => {
  it.each<[string, ReturnType<typeof policyOf>]>([
    ["with another share", policyOf(5, { ...BEFORE, sharePercent: 40 }, null)],
    ["with the rollout's own values", policyOf(5, presentOf(running()).values, null)],
    ["the same version, edited", policyOf(4, { ...BEFORE, sharePercent: 40 }, null)],
    ["version 0, which gateways accept at any time", policyOf(0, BEFORE, null)],
    ["of another rollout", policyOf(5, { ...BEFORE, sharePercent: 50 }, 7)],
  ])("interrupts, and writes nothing: %s", (_, policy) => {
    const looked = lookAt(running(), {}, { policy });
    expect(looked).toMatchObject({ actions: [], look: { verdict: "interrupted" } });
    expect(looked.rollout).toMatchObject({ state: "interrupted", pending: null });
    expect(looked.rollout.reason).toContain(`Policy version ${policy.version} is in force`);
    expect(lookAt(looked.rollout, FAILING, { policy }).actions).toEqual([]);
  });

  it("interrupts a failing step too, where the share was changed", () => {
    const policy = policyOf(5, BEFORE, null);
    expect(lookAt(running(), FAILING, { policy })).toMatchObject({ actions: [], rollout: { state: "interrupted" } });
  });

  it("interrupts before the first step is written", () => {
    const looked = lookAt(started().rollout, {}, { policy: policyOf(4, { ...BEFORE, sharePercent: 5 }, null) });
    expect(looked).toMatchObject({ actions: [], rollout: { state: "interrupted" } });
  });

  it("a former version, which the store may return for a minute, changes nothing", () => {
    const looked = lookAt(running(), UNDECIDED, { policy: policyOf(3, BEFORE, null) });
    expect(looked.rollout.state).toBe("held");
    const early = { nowMs: START_MS + 60_000, policy: policyOf(0, BEFORE, null) };
    expect(lookAt(running(), UNDECIDED, early).rollout.state).not.toBe("interrupted");
  });
});

describe("a version that was written, and its answer lost", () => {
  it("begins the step, and is judged by its own figures only from the next look on", () => {
    const { rollout, actions } = lookAt(running());
    const values = actions[0]?.values ?? BEFORE;
    for (const known of [rollout, { ...rollout, pending: null }]) {
      const looked = lookAt(known, FAILING, { policy: policyOf(5, values) });
      expect(looked.rollout).toMatchObject({ state: "running", step: 1, policyVersion: 5, pending: null });
      expect(looked).toMatchObject({ look: null, actions: [] });
    }
  });

  it("is rolled back if the rollout ended meanwhile", () => {
    const { rollout, actions } = lookAt(running());
    const aborted = advance(rollout, { kind: "abort", nowMs: START_MS, by: "ann" }).rollout;
    const looked = lookAt(aborted, {}, { policy: policyOf(5, actions[0]?.values ?? BEFORE) });
    expect(looked.actions).toMatchObject([{ values: BEFORE, expectedVersion: 5 }]);
    expect(looked.rollout.state).toBe("aborted");
  });

  it("ends the rollback", () => {
    const looked = lookAt(lookAt(running(), FAILING).rollout, FAILING, { policy: policyOf(5, BEFORE) });
    expect(looked).toMatchObject({ actions: [], rollout: { state: "failed", pending: null, policyVersion: 5 } });
  });
});

it("a rollout is JSON: stored and read again, it continues the same", () => {
  const looked = lookAt(running(), UNDECIDED);
  const stored: Rollout = JSON.parse(JSON.stringify(looked.rollout));
  expect(stored).toEqual(looked.rollout);
  expect(lookAt(stored, FAILING)).toEqual(lookAt(looked.rollout, FAILING));
});
