/** The arm of a text depends on the text's numbers, the policy and the package, and on nothing else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { armOfRecorded } from "../../../../formats/ledger/series.ts";
import { decisionsFor } from "../../../../gateway/decide/decide.ts";
import type { Conditions } from "../../../../gateway/sides.ts";
import { policySchema } from "../../../../policies/schema.ts";
import { GOOD, ORIGIN as origin, TEXT as text } from "../../../support/conditions.ts";

/** The package holds fewer tokens than this isolate could. */
const edge = { ...GOOD.edge, packageMaxTokens: 128 };
const conditions: Conditions = { edge, origins: [origin] };
const allow = (...allowed: string[]) => ({ residency: { rules: [{ countries: ["DE"], allow: allowed }] } });

const onlyEdge = { countries: ["DE"], allow: ["edge"] };
const onlyOrigin = { countries: ["EU"], allow: ["origin"] };

function arm(policy: object, tokens: number | null = 20, now: Conditions = conditions, numbers = text) {
  return armOfRecorded(decisionsFor(numbers, policySchema.parse(policy)).arm(now, tokens));
}

describe("the arm of a text", () => {
  it.each<[string, object, number | null, string]>([
    ["inside the share", { edge: { share: 100 } }, 20, "inside"],
    ["outside the share", { edge: { share: 0 } }, 20, "outside"],
    ["with as many tokens as the package holds", {}, 128, "inside"],
    ["with more tokens than the package holds", {}, 129, "ineligible"],
    ["with more tokens than the policy allows", { edge: { maxTokens: 64 } }, 65, "ineligible"],
    ["whose tokens nothing has counted", {}, null, "ineligible"],
    ["that an override sends to the edge", { override: "edge" }, 20, "ineligible"],
    ["that an override sends to the origin", { override: "origin" }, 20, "ineligible"],
    ["that only the edge may see", allow("edge"), 20, "ineligible"],
    ["that only the origin may see", allow("origin"), 20, "ineligible"],
    ["that both sides may see", allow("edge", "origin"), 20, "inside"],
    ["that no side may see", { residency: { rules: [onlyEdge, onlyOrigin] } }, 20, "ineligible"],
  ])("%s", (_, policy, tokens, expected) => {
    expect(arm(policy, tokens)).toBe(expected);
  });

  it("is the same cold, busy, slow, rejected or with open breakers, and whatever an isolate has learned", () => {
    const ms = fc.integer({ min: 0, max: 60_000 });
    const states = fc.record({
      model: fc.constantFrom("ready" as const, "cold" as const, "rejected" as const),
      breakerAllows: fc.boolean(),
      maxTokens: fc.option(fc.integer({ min: 0, max: 512 })),
      queueMs: ms,
      p95Ms: fc.option(ms),
    });
    const pause = { fromBytes: 0, allowsEarlyTrial: false, retryAtMs: null };
    const origins = fc.record({
      breakerAllows: fc.boolean(),
      isFull: fc.boolean(),
      longTextsPause: fc.constantFrom(null, pause),
      p95Ms: fc.option(ms),
    });
    const policies = fc.record({
      share: fc.integer({ min: 0, max: 10_000 }).map((basisPoints) => basisPoints / 100),
      maxTokens: fc.integer({ min: 1, max: 256 }),
    });
    const numbers = fc.record({ stickyKey: fc.string(), tokens: fc.integer({ min: 0, max: 300 }), edgeRunMs: ms });
    fc.assert(
      fc.property(states, origins, policies, numbers, (state, bent, edgePolicy, { stickyKey, tokens, edgeRunMs }) => {
        const policy = { edge: edgePolicy, latencyBudgetMs: 50 };
        const now = { edge: { ...edge, ...state }, origins: [{ ...origin, ...bent }] };
        const ofText = { ...text, stickyKey, tokens };
        expect(arm(policy, tokens, now, { ...ofText, edgeRunMs })).toBe(arm(policy, tokens, conditions, ofText));
      }),
    );
  });

  it("is `inside` for every text that a route within the share takes, and never for one outside it", () => {
    for (let caller = 0; caller < 500; caller++) {
      const decisions = decisionsFor(
        { ...text, stickyKey: `caller ${caller}` },
        policySchema.parse({ edge: { share: 30 } }),
      );
      const { because } = decisions.route(conditions, 0);
      expect(armOfRecorded(decisions.arm(conditions, 20))).toBe(because === "within-share" ? "inside" : "outside");
    }
  });
});

it("the outside arm is recorded in two halves of about the same size, each caller always in the same", () => {
  const half = (caller: number) =>
    decisionsFor({ ...text, stickyKey: `caller ${caller}` }, policySchema.parse({ edge: { share: 0 } })).arm(
      conditions,
      20,
    );
  const halves = Array.from({ length: 4000 }, (_, caller) => half(caller));
  const inA = halves.filter((one) => one === "outside-a").length;
  expect(halves.every((one) => one === "outside-a" || one === "outside-b")).toBe(true);
  // Five standard deviations of a fair split are 158.
  expect(Math.abs(inA - 2000)).toBeLessThan(158);
  expect(Array.from({ length: 50 }, (_, caller) => half(caller))).toEqual(halves.slice(0, 50));
});
