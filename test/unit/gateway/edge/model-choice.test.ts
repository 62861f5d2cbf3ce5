import { describe, expect, it } from "vitest";
import type { NotReady } from "../../../../gateway/edge/load-state.ts";
import { ModelChoice, type ModelPolicy } from "../../../../gateway/edge/model-choice.ts";

const [DEPLOYED, NAMED, CANDIDATE, OTHER] = ["deployed@1", "named@1", "candidate@1", "other@1"];
const rejected: NotReady = { kind: "rejected", reason: "golden-logits", storedPrint: "", lookAgainAtMs: 0 };
const failed = (isEngineFault: boolean): NotReady => ({
  kind: "failed",
  reason: "bucket: 500",
  isEngineFault,
  retryAtMs: 0,
});
const policy = (more: Partial<ModelPolicy> = {}): ModelPolicy => ({
  version: 1,
  model: null,
  candidate: { model: CANDIDATE, share: 100 },
  minVersion: 0,
  ...more,
});
const trying = (model: string, share = 100) => ({ candidate: { model, share } });

/** The choice of an isolate with this number, and whose candidate has given way, if `end` is given. */
function choice(end: NotReady | null = null, basisPoints = 5000): ModelChoice {
  const made = new ModelChoice(DEPLOYED, basisPoints);
  const wanted = made.obey(policy());
  if (end !== null) made.notReady(wanted, end);
  return made;
}

describe("the package of an isolate", () => {
  it.each<[string, Partial<ModelPolicy>, string, string | null]>([
    ["the deployment's without a policy's", { candidate: null }, DEPLOYED, null],
    ["the policy's", { candidate: null, model: NAMED }, NAMED, null],
    ["the candidate, with the labels of the policy's", { model: NAMED }, CANDIDATE, NAMED],
    ["the candidate, with the labels of the deployment's", {}, CANDIDATE, DEPLOYED],
    ["the policy's outside the candidate's share", trying(CANDIDATE, 50), DEPLOYED, null],
    ["the policy's if the candidate has become it", { model: CANDIDATE }, CANDIDATE, null],
    ["the deployment's if the candidate is the same package", trying(DEPLOYED), DEPLOYED, null],
  ])("is %s", (_, more, modelId, labelsOf) => {
    expect(choice().obey(policy({ ...more, minVersion: 3 }))).toEqual({ modelId, labelsOf, minVersion: 3 });
  });

  it.each<[string, NotReady, string]>([
    ["a rejected candidate", rejected, "rejected"],
    ["a candidate for which the heap is too small", failed(true), "rejected"],
    ["a candidate that could not be read", failed(false), "unavailable"],
  ])("is the policy's after %s", (_, end, state) => {
    const made = choice(end);
    expect(made.wanted().modelId).toBe(DEPLOYED);
    expect(made.status()).toEqual({ model: CANDIDATE, state, reason: end.reason });
  });

  it("stays the policy's own if that is what did not become ready: the loader repeats it", () => {
    const made = choice();
    expect(made.notReady({ modelId: DEPLOYED, minVersion: 0, labelsOf: null }, rejected)).toBeNull();
    expect(made.wanted().modelId).toBe(CANDIDATE);
  });

  it.each<[string, NotReady, Partial<ModelPolicy>[], string]>([
    ["not in a larger share of a new version", rejected, [{ version: 2 }], DEPLOYED],
    ["under a new version, if it could not be read", failed(false), [{ version: 2 }], CANDIDATE],
    ["not under the same version, if it could not be read", failed(false), [{}], DEPLOYED],
    ["after it was withdrawn", rejected, [{ candidate: null }, {}], CANDIDATE],
    ["after its share was 0", rejected, [trying(CANDIDATE, 0), {}], CANDIDATE],
    ["beside another model", rejected, [{ model: NAMED }], CANDIDATE],
    ["with another minVersion", rejected, [{ minVersion: 1 }], CANDIDATE],
    ["if it is another candidate", rejected, [trying(OTHER)], OTHER],
  ])("is the candidate again: %s", (_, end, policies, modelId) => {
    const made = choice(end);
    for (const more of policies) made.obey(policy(more));
    expect(made.wanted().modelId).toBe(modelId);
  });
});
