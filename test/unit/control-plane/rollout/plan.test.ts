/** How a rollout starts, which steps it has, and what is refused. */
import { describe, expect, it } from "vitest";
import { startRollout } from "../../../../control-plane/rollout/plan.ts";
import { DEFAULT_THRESHOLDS, thresholdsSchema } from "../../../../control-plane/rollout/thresholds.ts";
import type { RolloutState } from "../../../../control-plane/rollout/types.ts";
import {
  BEFORE,
  HOUR_MS,
  lookAt,
  MODEL,
  policyOf,
  requestOf,
  running,
  START_MS,
  started,
} from "../../../support/rollout.ts";

const at = (sharePercent: number, shadowPercent = 0) => policyOf(3, { ...BEFORE, sharePercent, shadowPercent }, null);

function stepsOf(change: Parameters<typeof started>[0]) {
  return started(change).rollout.steps.map(
    ({ name, judgedBy, values }) => `${name} ${judgedBy} ${values.shadowPercent}`,
  );
}

describe("the steps", () => {
  it.each<[string, Parameters<typeof started>[0], string[]]>([
    ["by default", {}, ["10 % compare 10", "50 % compare 10", "95 % compare 10", "100 % end 0"]],
    [
      "with shadow texts first: what they show need not be shown again",
      { shadowFirst: true },
      ["shadow shadow 100", "10 % compare 0", "50 % compare 0", "95 % compare 0", "100 % end 0"],
    ],
    ["from a share on", { policy: at(30, 20) }, ["50 % compare 20", "95 % compare 20", "100 % end 20"]],
    ["up to a share", { target: 50 }, ["10 % compare 10", "50 % compare 10", "50 % end 0"]],
    ["as asked for", { steps: [5, 12.5, 100] }, ["5 % compare 10", "12.5 % compare 10", "100 % end 0"]],
    ["without the target at the end", { steps: [25] }, ["25 % compare 10", "100 % end 0"]],
    ["from 97 %: compared before the rest follows", { policy: at(97) }, ["97 % compare 10", "100 % end 0"]],
    [
      "of a model",
      { kind: "model", target: MODEL },
      ["10 % compare 10", "50 % compare 10", "95 % compare 10", "all end 0"],
    ],
  ])("%s", (_, change, steps) => {
    expect(stepsOf(change)).toEqual(steps);
  });

  it("last an hour, the last comparison before all texts a day", () => {
    const hours = (change: Parameters<typeof started>[0]) =>
      started(change)
        .rollout.steps.filter(({ judgedBy }) => judgedBy !== "end")
        .map(({ minMs }) => minMs / HOUR_MS);
    expect(hours({ shadowFirst: true })).toEqual([24, 1, 1, 24]);
    expect(hours({ target: 50 })).toEqual([1, 1]);
    expect(hours({ thresholds: { ...DEFAULT_THRESHOLDS, minStepMs: 0, minLastStepMs: HOUR_MS } })).toEqual([0, 0, 1]);
  });
});

describe("refused, with what is allowed", () => {
  it.each<[string, Parameters<typeof requestOf>[0], string, RegExp]>([
    ["a share that is in force", { policy: at(100) }, "invalid", /share is 100 % already/],
    [
      "a lower share",
      { policy: at(50), target: 10 },
      "invalid",
      /share is 50 % already, and the target is 10 %.*set the policy/,
    ],
    ["no share", { target: 101 }, "invalid", /target is 101; it must be a share in percent/],
    [
      "steps that do not ascend",
      { steps: [50, 10] },
      "invalid",
      /step 10 is not allowed. Steps are percent, ascending/,
    ],
    [
      "a step below the present share",
      { policy: at(30), steps: [20, 100] },
      "invalid",
      /step 20 is not allowed.*above 30/,
    ],
    ["a step above the target", { target: 50, steps: [60] }, "invalid", /step 60 is not allowed.*at most 50/],
    ["three decimals", { steps: [10.125] }, "invalid", /step 10.125 is not allowed/],
    ["nothing to compare", { steps: [100] }, "invalid", /nothing would be compared/],
    [
      "a model that is in force",
      { kind: "model", target: MODEL, policy: policyOf(3, { ...BEFORE, model: MODEL }, null) },
      "invalid",
      /has the model .* already/,
    ],
    [
      "a model beside a candidate",
      {
        kind: "model",
        target: MODEL,
        policy: policyOf(3, { ...BEFORE, candidate: { model: "x@1", sharePercent: 5 } }, null),
      },
      "invalid",
      /has the candidate x@1 already/,
    ],
    [
      "shadow texts first for a model",
      { kind: "model", target: MODEL, shadowFirst: true },
      "invalid",
      /--shadow-first is for shares/,
    ],
    ["a share as a model", { kind: "model", target: 50 }, "invalid", /it must be the id of a model/],
  ])("%s", (_, change, code, problem) => {
    const result = startRollout(requestOf(change));
    expect(result).toMatchObject({ ok: false, code });
    expect(result.ok ? "" : result.problem).toMatch(problem);
  });
});

describe("one at a time", () => {
  const earlier = (state: RolloutState, hoursAgo: number | null, change = {}) => ({
    id: 7,
    kind: "share" as const,
    target: 100,
    state,
    endedMs: hoursAgo === null ? null : START_MS - hoursAgo * HOUR_MS,
    pending: null,
    ...change,
  });
  const pending = {
    number: 2,
    kind: "rollback",
    toStep: null,
    values: BEFORE,
    reason: "",
    attempts: 1,
    lastProblem: null,
  } as const;

  it.each([
    [earlier("running", null), /^Rollout #7 is running\. One runs at a time/],
    [earlier("paused", null), /^Rollout #7 is paused/],
    [earlier("failed", 48, { pending }), /^Rollout #7 is failed and not rolled back yet/],
    [earlier("failed", 23), /ended as failed less than 24 h ago.*--again/],
    [earlier("aborted", 1), /ended as aborted/],
    [earlier("interrupted", 1), /ended as interrupted/],
  ])("conflict: %#", (one, problem) => {
    const result = startRollout(requestOf({ earlier: [one] }));
    expect(result).toMatchObject({ ok: false, code: "conflict" });
    expect(result.ok ? "" : result.problem).toMatch(problem);
  });

  it.each([
    [earlier("failed", 24), {}],
    [earlier("failed", 1), { again: true }],
    [earlier("succeeded", 1), {}],
    [earlier("failed", 1, { target: 50 }), {}],
    [earlier("failed", 1, { kind: "model", target: MODEL }), {}],
  ])("no conflict: %#", (one, change) => {
    expect(startRollout(requestOf({ earlier: [one], ...change })).ok).toBe(true);
  });
});

describe("a model", () => {
  const policy = policyOf(3, { ...BEFORE, sharePercent: 100, model: "mail-tagger@1a" }, null);
  it("is tried as the candidate, and becomes the model at the end", () => {
    const begun = started({ kind: "model", target: MODEL, policy });
    expect(begun.actions[0]?.values).toEqual({
      sharePercent: 100,
      shadowPercent: 10,
      model: "mail-tagger@1a",
      candidate: { model: MODEL, sharePercent: 10 },
    });
    expect(begun.rollout.steps.at(-1)?.values).toEqual({ ...policy.values, model: MODEL });
  });

  it("is rolled back when an isolate rejects it", () => {
    const rollout = running({ kind: "model", target: MODEL, policy });
    const looked = lookAt(rollout, { candidateRejected: "golden logits differ" });
    expect(looked.rollout).toMatchObject({
      state: "failed",
      reason: "The candidate was rejected: golden logits differ.",
    });
    expect(looked.actions).toMatchObject([{ values: policy.values }]);
  });
});

it("every threshold can be set, within bounds, and a misspelt one is an error", () => {
  expect(thresholdsSchema.parse({ minTextsPerArm: 50 })).toEqual({ ...DEFAULT_THRESHOLDS, minTextsPerArm: 50 });
  expect(thresholdsSchema.safeParse({ minText: 50 }).success).toBe(false);
  expect(thresholdsSchema.safeParse({ minEValue: 1 }).success).toBe(false);
});
