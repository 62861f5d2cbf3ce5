/** An explanation is the result of the gateway's decisions and rules, in every situation. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisionsFor, factsOf } from "../../../../../gateway/decide/decide.ts";
import { RULES } from "../../../../../gateway/decide/rules.ts";
import { policySchema } from "../../../../../policies/schema.ts";
import { explain } from "../../../../../tools/spillway/explain/explanation.ts";
import { EDGE_STATES, type ExplainOptions } from "../../../../../tools/spillway/explain/options.ts";
import { situationOf } from "../../../../../tools/spillway/explain/situation.ts";

const address = { url: "https://example.com/", region: "us-east-1" };
const origins = { "eu-central-1": address, "us-east-1": address };
const numbers = { modelId: "m@0", version: 1, tokens: 20, runMs: 50, maxTokens: 256 };
const well: ExplainOptions = { text: "WIN a free prize", edge: "ready", edgeBreaker: "closed", queueMs: 0 };
const eu = (...allow: string[]) => ({ residency: { rules: [{ countries: ["EU"], allow }] } });

type Row = [string, string, object, Partial<ExplainOptions>, Partial<typeof numbers>?];

const situations: Row[] = [
  ["all is well", "within-share edge", {}, {}],
  ["an override to the origin", "override origin", { override: "origin" }, {}],
  ["an override to the edge", "override edge", { override: "edge", edge: { share: 0 } }, {}],
  ["a long text", "too-long origin", {}, {}, { tokens: 257 }],
  ["a long text in an isolate that cannot count it yet", "edge-cold origin", {}, { edge: "cold" }, { tokens: 257 }],
  ["a long text while the weights are loading", "too-long origin", {}, { edge: "loading" }, { tokens: 257 }],
  ["a loading model", "edge-cold origin", {}, { edge: "loading" }],
  ["a rejected model", "edge-unavailable origin", {}, { edge: "rejected" }],
  ["the edge breaker open", "edge-unavailable origin", {}, { edgeBreaker: "open" }],
  ["outside the share", "outside-share origin", { edge: { share: 0 } }, {}],
  ["a long queue", "edge-busy origin", {}, { queueMs: 401 }],
  [
    "over the latency budget",
    "edge-slow origin",
    { latencyBudgetMs: 40 },
    { originP95Ms: [{ name: null, value: 30 }] },
  ],
  ["residency leaves the edge", "residency edge", eu("edge"), { country: "DE" }],
  ["residency leaves an origin", "residency origin", { origins, ...eu("origin:us-east-1") }, { country: "DE" }],
  ["residency leaves nothing", "residency refuse", eu(), { country: "DE" }],
  ["unknown countries are refused", "residency refuse", { residency: { unknown: "refuse" } }, {}],
  ["Tor is an unknown country", "residency refuse", { residency: { unknown: "refuse" } }, { country: "T1" }],
];

function explained(document: object, options: Partial<ExplainOptions>, bend: Partial<typeof numbers> = {}) {
  const situation = situationOf({ ...well, ...options }, policySchema.parse(document), { ...numbers, ...bend });
  return { situation, explanation: explain(situation) };
}

describe("the rule that decides", () => {
  it.each(situations)("%s: %s", (_, expected, document, options, bend) => {
    const { ruleResults: verdicts } = explained(document, options, bend).explanation;
    const [verdict, ...more] = verdicts.filter(({ decides }) => decides);
    expect(`${verdict?.because} ${verdict?.result}`).toBe(expected);
    expect(more).toEqual([]);
  });
});

describe("the arm", () => {
  it.each<[string, string | null, object, Partial<ExplainOptions>, Partial<typeof numbers>?]>([
    ["inside the share", "inside", {}, {}],
    ["outside the share", "outside", { edge: { share: 0 } }, {}],
    ["in a cold isolate the same", "outside", { edge: { share: 0 } }, { edge: "cold" }],
    ["of a long text", "ineligible", {}, { edge: "cold" }, { tokens: 257 }],
    ["under an override", "ineligible", { override: "edge" }, {}],
    ["unknown where each request is split anew", null, { edge: { share: 50, stickyBy: "request" } }, {}],
  ])("%s: %s", (_, expected, document, options, bend) => {
    expect(explained(document, options, bend).explanation.arm).toBe(expected);
  });
});

describe("in every situation", () => {
  const documents = fc.constantFrom<object>(
    {},
    { origins, hedge: { enabled: true }, shadow: { share: 5 }, latencyBudgetMs: 100 },
    { origins, ...eu("edge", "origin:eu-central-1"), hedge: { enabled: true, afterMs: 20 } },
    { override: "edge", ...eu("origin"), shadow: { share: 100 } },
    { override: "origin", edge: { share: 12.34, stickyBy: "text" } },
    { ...eu(), edge: { share: 0 } },
  );
  const state = fc.constantFrom("closed" as const, "open" as const);
  const cases = fc.record({
    document: documents,
    options: fc.record({
      text: fc.constantFrom("one text", "another", "a third"),
      edge: fc.constantFrom(...EDGE_STATES),
      edgeBreaker: state,
      queueMs: fc.constantFrom(0, 100, 401, 9000),
      originBreaker: fc.constantFrom([], [{ name: null, value: "open" as const }]),
      originP95Ms: fc.constantFrom([], [{ name: null, value: 80 }]),
      country: fc.constantFrom("DE", "US", "XX"),
      apiKey: fc.constantFrom("a", "b", "c"),
    }),
    tokens: fc.constantFrom(20, 256, 300),
  });

  it("each line has the result of its rule, the arrow is at the first that applies, and the decision is the gateway's", () => {
    fc.assert(
      fc.property(cases, ({ document, options, tokens }) => {
        const { situation, explanation } = explained(document, options, { tokens });
        const { text, policy, conditions } = situation;
        const facts = factsOf(text, policy, conditions);
        const route = decisionsFor(text, policy).route(conditions, 0);
        expect(explanation.route).toEqual(route);
        const { ruleResults: verdicts } = explanation;
        expect(verdicts.map(({ because, saw }) => [because, saw])).toEqual(
          RULES.map(({ because, saw }) => [because, saw(facts)]),
        );
        const first = verdicts.find(({ result }) => result !== null);
        expect(first?.decides).toBe(true);
        for (const [index, { because, result }] of verdicts.entries()) {
          if (result !== "refuse") expect(result, because).toBe(RULES[index]?.side(facts));
          else expect([because, route]).toMatchObject(["residency", { side: "refuse", because: "residency" }]);
        }
      }),
    );
  });

  it("fallback, hedge and shadow are those of the gateway", () => {
    fc.assert(
      fc.property(cases, ({ document, options, tokens }) => {
        const { situation, explanation } = explained(document, options, { tokens });
        const { text, policy, conditions } = situation;
        const { route, fallback, hedge, shadow } = explanation;
        if (route.side === "refuse") {
          expect({ fallback, hedge, shadow }).toEqual({ fallback: null, hedge: null, shadow: null });
          return;
        }
        expect(fallback).toEqual(decisionsFor(text, policy).fallback(route, conditions));
        expect(hedge?.route ?? null).toEqual(
          policy.hedge.enabled ? decisionsFor(text, policy).hedge(route.side, conditions) : null,
        );
        expect(shadow?.route ?? null).toEqual(
          policy.shadow.share > 0 ? decisionsFor(text, policy).shadow(route.side, conditions) : null,
        );
      }),
    );
  });
});
