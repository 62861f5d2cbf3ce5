import { describe, expect, it } from "vitest";
import { type Conditions, canTake, decide, type TextNumbers } from "../../../gateway/decide/decide.ts";
import type { Because } from "../../../gateway/decide/route.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { type Policy, policySchema } from "../../../policies/schema.ts";

const NOW_MS = 1_000_000;
const text: TextNumbers = { tokens: 20, stickyKey: "caller" };
const good: Conditions = {
  edge: { model: "ready", breakerAllows: true, maxTokens: 256, queueMs: 0 },
  origin: { breakerAllows: true, retryAtMs: null },
};

const edge = (bend: Partial<Conditions["edge"]>): Conditions => ({ ...good, edge: { ...good.edge, ...bend } });
const policy = (bend: object): Policy => policySchema.parse(bend);
const originOpen = (conditions: Conditions): Conditions => ({
  ...conditions,
  origin: { breakerAllows: false, retryAtMs: NOW_MS + 12_345 },
});

type Row = [string, "edge" | "origin", Because, Partial<TextNumbers>, object, Conditions];

/** One fixture where everything is well, bent once. */
const rules: Row[] = [
  ["all is well", "edge", "within-share", {}, {}, good],
  ["override edge", "edge", "override", {}, { override: "edge" }, good],
  ["override origin", "origin", "override", {}, { override: "origin" }, good],
  ["override edge beats a share of 0", "edge", "override", {}, { override: "edge", edge: { share: 0 } }, good],
  ["override edge beats a long queue", "edge", "override", {}, { override: "edge" }, edge({ queueMs: 9999 })],
  ["override edge cannot make a text fit", "origin", "too-long", { tokens: 257 }, { override: "edge" }, good],
  ["override edge cannot make a model", "origin", "edge-cold", {}, { override: "edge" }, edge({ model: "cold" })],
  [
    "override edge, breaker open",
    "origin",
    "edge-unavailable",
    {},
    { override: "edge" },
    edge({ breakerAllows: false }),
  ],
  ["as many tokens as the edge takes", "edge", "within-share", { tokens: 256 }, {}, good],
  ["one token more", "origin", "too-long", { tokens: 257 }, {}, good],
  ["the policy's limit is lower", "origin", "too-long", { tokens: 65 }, { edge: { maxTokens: 64 } }, good],
  ["the package's limit is lower", "origin", "too-long", { tokens: 129 }, {}, edge({ maxTokens: 128 })],
  ["too long comes before cold", "origin", "too-long", { tokens: 257 }, {}, edge({ model: "cold" })],
  ["no model yet", "origin", "edge-cold", {}, {}, edge({ model: "cold", maxTokens: null })],
  ["no tokenizer yet", "origin", "edge-cold", { tokens: null }, {}, edge({ model: "cold", maxTokens: null })],
  ["a rejected model", "origin", "edge-unavailable", {}, {}, edge({ model: "rejected" })],
  ["the edge breaker open", "origin", "edge-unavailable", {}, {}, edge({ breakerAllows: false })],
  ["cold comes before the share", "origin", "edge-cold", {}, { edge: { share: 0 } }, edge({ model: "cold" })],
  ["outside the share", "origin", "outside-share", {}, { edge: { share: 0 } }, good],
  ["the share comes before the queue", "origin", "outside-share", {}, { edge: { share: 0 } }, edge({ queueMs: 9999 })],
  ["a queue as long as allowed", "edge", "within-share", {}, {}, edge({ queueMs: 400 })],
  ["a longer queue", "origin", "edge-busy", {}, {}, edge({ queueMs: 401 })],
];

describe("decide", () => {
  it.each(rules)("%s → %s, %s", (_, side, because, numbers, bend, conditions) => {
    expect(decide({ ...text, ...numbers }, policy(bend), conditions, NOW_MS)).toEqual({ side, because });
  });

  const open: [string, Partial<TextNumbers>, object, Conditions, boolean][] = [
    ["outside the share", {}, { edge: { share: 0 } }, good, true],
    ["override origin", {}, { override: "origin" }, good, true],
    ["a busy edge", {}, {}, edge({ queueMs: 9999 }), true],
    ["a cold edge", {}, {}, edge({ model: "cold" }), true],
    ["a text that does not fit", { tokens: 257 }, {}, good, false],
    ["a rejected model", {}, {}, edge({ model: "rejected" }), false],
    ["both breakers open", {}, {}, edge({ breakerAllows: false }), false],
  ];
  it.each(open)("the origin's breaker is open, %s", (_, numbers, bend, conditions, edgeTakes) => {
    expect(decide({ ...text, ...numbers }, policy(bend), originOpen(conditions), NOW_MS)).toEqual(
      edgeTakes
        ? { side: "edge", because: "origin-unavailable" }
        : { side: "refuse", because: "origin-unavailable", retryAfterMs: 12_345 },
    );
  });

  it("the origin's breaker does not matter to a text for the edge", () => {
    expect(decide(text, defaultPolicy(), originOpen(good), NOW_MS)).toEqual({ side: "edge", because: "within-share" });
  });
});

describe("canTake", () => {
  it("asks nothing but what is physically possible", () => {
    const closedDoor = policy({ override: "origin", edge: { share: 0 } });
    expect(canTake("edge", text, closedDoor, edge({ queueMs: 9999 }))).toBe(true);
    expect(canTake("edge", { ...text, tokens: 257 }, closedDoor, good)).toBe(false);
    expect(canTake("origin", text, closedDoor, originOpen(good))).toBe(false);
  });
});
