import { describe, expect, it } from "vitest";
import { decisionsFor } from "../../../../gateway/decide/decide.ts";
import type { TextNumbers } from "../../../../gateway/decide/facts.ts";
import type { Because, SideRoute } from "../../../../gateway/decide/route.ts";
import type { Conditions } from "../../../../gateway/sides.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";
import { type Policy, policySchema } from "../../../../policies/schema.ts";
import { GOOD as good, ORIGIN as origin, TEXT as text } from "../../../support/conditions.ts";

const NOW_MS = 1_000_000;
/** The first attempt, which has failed. */
const AT_EDGE: SideRoute = { side: "edge", because: "within-share" };
const AT_ORIGIN: SideRoute = { side: "origin", because: "outside-share", origin: "default" };
const EDGE_INSTEAD = { side: "edge", because: "origin-failed" };
const open = { breakerAllows: false };
const edge = (bend: Partial<Conditions["edge"]>): Conditions => ({ ...good, edge: { ...good.edge, ...bend } });
const policy = (bend: object): Policy => policySchema.parse(bend);
const originOpen = (conditions: Conditions): Conditions => ({
  ...conditions,
  origins: [{ ...origin, breakerAllows: false, retryAtMs: NOW_MS + 12_345 }],
});
const p95 = (p95Ms: number | null, bend: Partial<Conditions["edge"]> = {}): Conditions => ({
  ...edge(bend),
  origins: [{ ...origin, p95Ms }],
});
const mars = { url: "https://mars.example.com/", region: "us-east-1" };
const allow = (...allowed: string[]) => ({ residency: { rules: [{ countries: ["DE"], allow: allowed }] } });

const onlyFrance = { rules: [{ countries: ["FR"], allow: [] }] };
const onlyMars = { ...allow("origin:mars"), origins: { mars } };

type Row = [string, "edge" | "origin", Because, Partial<TextNumbers>, object, Conditions];

/** One fixture where everything is well, bent once. */
const rules: Row[] = [
  ["all is well", "edge", "within-share", {}, {}, good],
  ["override edge", "edge", "override", {}, { override: "edge" }, good],
  ["override origin", "origin", "override", {}, { override: "origin" }, good],
  ["override edge beats a share of 0", "edge", "override", {}, { override: "edge", edge: { share: 0 } }, good],
  ["override edge beats a long queue", "edge", "override", {}, { override: "edge" }, edge({ queueMs: 8000 })],
  ["override edge cannot beat one too long", "origin", "edge-busy", {}, { override: "edge" }, edge({ queueMs: 8001 })],
  ["override edge cannot make a text fit", "origin", "too-long", { tokens: 257 }, { override: "edge" }, good],
  ["override edge cannot make a model", "origin", "edge-cold", {}, { override: "edge" }, edge({ model: "cold" })],
  ["override edge, open breaker", "origin", "edge-unavailable", {}, { override: "edge" }, edge(open)],
  ["as many tokens as the edge takes", "edge", "within-share", { tokens: 256 }, {}, good],
  ["one token more", "origin", "too-long", { tokens: 257 }, {}, good],
  ["the policy's limit is lower", "origin", "too-long", { tokens: 65 }, { edge: { maxTokens: 64 } }, good],
  ["the package's limit is lower", "origin", "too-long", { tokens: 129 }, {}, edge({ maxTokens: 128 })],
  ["too long comes before cold", "origin", "too-long", { tokens: 257 }, {}, edge({ model: "cold" })],
  ["no model yet", "origin", "edge-cold", {}, {}, edge({ model: "cold", maxTokens: null })],
  ["no tokenizer yet", "origin", "edge-cold", { tokens: null }, {}, edge({ model: "cold", maxTokens: null })],
  ["a rejected model", "origin", "edge-unavailable", {}, {}, edge({ model: "rejected" })],
  ["the edge breaker open", "origin", "edge-unavailable", {}, {}, edge(open)],
  ["cold comes before the share", "origin", "edge-cold", {}, { edge: { share: 0 } }, edge({ model: "cold" })],
  ["outside the share", "origin", "outside-share", {}, { edge: { share: 0 } }, good],
  ["the share comes before the queue", "origin", "outside-share", {}, { edge: { share: 0 } }, edge({ queueMs: 9999 })],
  ["a queue as long as allowed", "edge", "within-share", {}, {}, edge({ queueMs: 400 })],
  ["a longer queue", "origin", "edge-busy", {}, {}, edge({ queueMs: 401 })],
  ["no latency budget", "edge", "within-share", { edgeRunMs: 9999 }, {}, p95(1)],
  ["as slow as the budget", "edge", "within-share", { edgeRunMs: 800 }, { latencyBudgetMs: 800 }, p95(100)],
  ["slower than the budget", "origin", "edge-slow", { edgeRunMs: 801 }, { latencyBudgetMs: 800 }, p95(800)],
  ["the wait counts", "origin", "edge-slow", { edgeRunMs: 500 }, { latencyBudgetMs: 800 }, p95(9, { queueMs: 301 })],
  ["the origin is slow too", "edge", "within-share", { edgeRunMs: 9999 }, { latencyBudgetMs: 800 }, p95(801)],
  ["the origin's speed is unknown", "edge", "within-share", { edgeRunMs: 9999 }, { latencyBudgetMs: 800 }, p95(null)],
  ["the edge's speed is unknown", "edge", "within-share", { edgeRunMs: null }, { latencyBudgetMs: 800 }, p95(1)],
  ["residency leaves the edge", "edge", "residency", {}, allow("edge"), good],
  ["residency leaves the origin", "origin", "residency", {}, allow("origin"), good],
  ["residency leaves an origin by name", "origin", "residency", {}, allow("origin:default"), good],
  ["residency comes before the override", "edge", "residency", {}, { ...allow("edge"), override: "origin" }, good],
  ["residency and a cold edge: it is worth the wait", "edge", "residency", {}, allow("edge"), edge({ model: "cold" })],
  ["residency allows both", "edge", "within-share", {}, allow("edge", "origin"), good],
  ["a rule for another country", "edge", "within-share", {}, { residency: onlyFrance }, good],
];

/** The origin is well and has paused texts of this length. */
const paused = ({ edge }: Conditions, allowsEarlyTrial = false): Conditions => ({
  edge,
  origins: [{ ...origin, longTextsPause: { fromBytes: text.bytes, allowsEarlyTrial, retryAtMs: NOW_MS + 12_345 } }],
});

/** The origin's breaker is open and allows a trial. */
const earlyTrial = ({ edge }: Conditions): Conditions => ({
  edge,
  origins: [{ ...origin, breakerAllows: false, allowsEarlyTrial: true, retryAtMs: NOW_MS + 12_345 }],
});

describe("decide", () => {
  it.each(rules)("%s → %s, %s", (_, side, because, numbers, bend, conditions) => {
    const where = side === "origin" ? { side, because, origin: "default" } : { side, because };
    expect(decisionsFor({ ...text, ...numbers }, policy(bend)).route(conditions, NOW_MS)).toEqual(where);
  });

  const toOpen: [string, Partial<TextNumbers>, object, Conditions, boolean][] = [
    ["outside the share", {}, { edge: { share: 0 } }, good, true],
    ["override origin", {}, { override: "origin" }, good, true],
    ["an edge as busy as a call may take", {}, {}, edge({ queueMs: 8000 }), true],
    ["an edge as busy as it may be", {}, { edge: { maxQueueMs: 9000, share: 0 } }, edge({ queueMs: 9000 }), true],
    ["a cold edge", {}, {}, edge({ model: "cold" }), true],
    ["a text that does not fit", { tokens: 257 }, {}, good, false],
    ["a rejected model", {}, {}, edge({ model: "rejected" }), false],
    ["both breakers open", {}, {}, edge(open), false],
  ];
  it.each(toOpen)("the origin's breaker is open, %s", (_, numbers, bend, conditions, edgeTakes) => {
    const expected = edgeTakes
      ? { side: "edge", because: "origin-unavailable" }
      : { side: "refuse", because: "origin-unavailable", retryAfterMs: 12_345 };
    const decisions = decisionsFor({ ...text, ...numbers }, policy(bend));
    expect(decisions.route(originOpen(conditions), NOW_MS)).toEqual(expected);
    expect(decisions.route(paused(conditions), NOW_MS)).toEqual(expected);
    expect(decisions.fallback(AT_EDGE, paused(conditions))).toBeNull();
  });

  it.each(toOpen)(
    "the origin's breaker is open and allows an early trial, %s",
    (_, numbers, bend, conditions, edgeTakes) => {
      expect(decisionsFor({ ...text, ...numbers }, policy(bend)).route(earlyTrial(conditions), NOW_MS)).toMatchObject(
        edgeTakes ? { side: "edge" } : { side: "origin", origin: "default", mayBeEarlyTrial: true },
      );
      const early = decisionsFor({ ...text, ...numbers }, policy(bend)).route(paused(conditions, true), NOW_MS);
      expect(early).toMatchObject(edgeTakes ? { side: "edge" } : { side: "origin", mayBeEarlyTrial: true });
    },
  );

  it("the origin's breaker is open, and the edge's queue is longer than any caller may wait: refused for as long", () => {
    const refused = { side: "refuse", because: "edge-busy", retryAfterMs: 1 };
    expect(decisionsFor(text, policy({})).route(originOpen(edge({ queueMs: 8001 })), NOW_MS)).toEqual(refused);
    const impatient = policy({ origin: { timeoutMs: 500 }, edge: { maxQueueMs: 0 } });
    expect(decisionsFor(text, impatient).route(originOpen(edge({ queueMs: 501 })), NOW_MS)).toEqual(refused);
  });

  it("the origin's breaker does not matter to a text for the edge", () => {
    expect(decisionsFor(text, defaultPolicy()).route(originOpen(good), NOW_MS)).toEqual({
      side: "edge",
      because: "within-share",
    });
  });
});

describe("residency leaves one side, which cannot", () => {
  const refusals: [string, string, number, Partial<TextNumbers>, object, Conditions][] = [
    ["no side is allowed", "residency", 0, {}, allow(), good],
    ["only an origin that this isolate does not have", "residency", 0, {}, onlyMars, good],
    ["only the edge, which the text does not fit", "too-long", 0, { tokens: 257 }, allow("edge"), good],
    ["only the edge, whose breaker is open", "edge-unavailable", 0, {}, allow("edge"), edge(open)],
    ["only the edge, whose model is rejected", "edge-unavailable", 0, {}, allow("edge"), edge({ model: "rejected" })],
    ["only the edge, which is too busy", "edge-busy", 1, {}, allow("edge"), edge({ queueMs: 8001 })],
    ["only the origin, whose breaker is open", "origin-unavailable", 12_345, {}, allow("origin"), originOpen(good)],
  ];
  it.each(refusals)("%s: refused as %s", (_, because, retryAfterMs, numbers, bend, conditions) => {
    const route = decisionsFor({ ...text, ...numbers }, policy(bend)).route(conditions, NOW_MS);
    expect(route).toEqual({ side: "refuse", because, retryAfterMs });
  });
});

describe("the other side, after a failure", () => {
  it("asks nothing but what is allowed and physically possible", () => {
    const closedDoor = policy({ override: "origin", edge: { share: 0 } });
    const busy = edge({ queueMs: 8000 });
    expect(decisionsFor(text, closedDoor).fallback(AT_ORIGIN, edge({ queueMs: 8001 }))).toBeNull();
    expect(decisionsFor(text, closedDoor).fallback(AT_ORIGIN, busy)).toEqual(EDGE_INSTEAD);
    expect(decisionsFor({ ...text, tokens: 257 }, closedDoor).fallback(AT_ORIGIN, good)).toBeNull();
    expect(decisionsFor(text, closedDoor).fallback(AT_EDGE, originOpen(good))).toBeNull();
    expect(decisionsFor(text, closedDoor).hedge("edge", earlyTrial(good))).toBeNull();
    expect(decisionsFor(text, closedDoor).shadow("edge", earlyTrial(good))).toBeNull();
    expect(decisionsFor(text, closedDoor).fallback(AT_EDGE, earlyTrial(good))).toMatchObject({ mayBeEarlyTrial: true });
    expect(decisionsFor(text, closedDoor).fallback(AT_EDGE, good)).toEqual({
      side: "origin",
      because: "edge-failed",
      origin: "default",
    });
  });

  it("is another origin, if the edge cannot have the text: one that is permitted, accepts calls and has a place", () => {
    const long = { ...text, tokens: 257 };
    const two = (bend: object): Conditions => ({ ...good, origins: [origin, { ...origin, name: "other", ...bend }] });
    const next = (bend: object, rules: object = {}) =>
      decisionsFor(long, policy(rules)).fallback(AT_ORIGIN, two(bend), "http-429");
    const other = { side: "origin", because: "origin-failed", origin: "other" };
    expect(next({})).toEqual(other);
    expect(next({ weight: 0 })).toEqual(other);
    expect(next({ isFull: true })).toBeNull();
    expect(next({ breakerAllows: false, allowsEarlyTrial: true })).toBeNull();
    expect(next({ longTextsPause: { fromBytes: 0, allowsEarlyTrial: true, retryAtMs: null } })).toBeNull();
    expect(next({}, allow("edge", "origin:default"))).toBeNull();
    expect(next({}, { ...allow("origin:other"), origins: { other: mars } })).toEqual(other);
    // A short text goes to the edge, and none waits for a second timeout.
    expect(decisionsFor(text, policy({})).fallback(AT_ORIGIN, two({}), "http-429")).toMatchObject({ side: "edge" });
    expect(decisionsFor(long, policy({})).fallback(AT_ORIGIN, two({}), "timeout")).toBeNull();
  });

  it("is never one that residency forbids", () => {
    expect(decisionsFor(text, policy(allow("edge"))).fallback(AT_EDGE, good)).toBeNull();
    expect(decisionsFor(text, policy(allow("origin"))).fallback(AT_ORIGIN, good)).toBeNull();
  });
});

describe("a hedge", () => {
  const hedged = (first: "edge" | "origin", bend: object, conditions: Conditions) =>
    decisionsFor(text, policy(bend)).hedge(first, conditions);

  it("goes to the other side, whatever the share is", () => {
    expect(hedged("edge", {}, good)).toEqual({ side: "origin", because: "hedge", origin: "default" });
    expect(hedged("origin", { edge: { share: 0 } }, good)).toEqual({ side: "edge", because: "hedge" });
  });

  it.each<[string, "edge" | "origin", object, Conditions]>([
    ["against an override to the edge", "edge", { override: "edge" }, good],
    ["against an override to the origin", "origin", { override: "origin" }, good],
    ["to an edge that would have to load", "origin", {}, edge({ model: "cold" })],
    ["to an edge that is busy", "origin", {}, edge({ queueMs: 401 })],
    ["to an edge whose breaker is open", "origin", {}, edge(open)],
    ["to an origin whose breaker is open", "edge", {}, originOpen(good)],
    ["to an edge that may not see the text", "origin", allow("origin"), good],
    ["to an origin that may not see the text", "edge", allow("edge"), good],
  ])("never goes %s", (_, first, bend, conditions) => {
    expect(hedged(first, bend, conditions)).toBeNull();
  });
});

describe("a hedge goes out", () => {
  const toEdge = { side: "edge", because: "within-share" } as const;
  const toOrigin = { side: "origin", because: "too-long", origin: "default" } as const;
  it.each<[string, SideRoute, object, Conditions, number | null]>([
    ["never where it is off", toEdge, {}, good, null],
    ["never where it is off, whatever it would wait", toEdge, { hedge: { afterMs: 5 } }, good, null],
    ["after the policy's time", toEdge, { hedge: { enabled: true, afterMs: 5 } }, good, 5],
    ["after the edge's own P95", toEdge, { hedge: { enabled: true } }, good, 60],
    ["after the origin's own P95", toOrigin, { hedge: { enabled: true } }, good, 100],
    ["never while the P95 is unknown", toOrigin, { hedge: { enabled: true } }, p95(null), null],
    ["never for an origin that is gone", { ...toOrigin, origin: "old" }, { hedge: { enabled: true } }, good, null],
  ])("%s", (_, first, bend, conditions, afterMs) => {
    expect(decisionsFor(text, policy(bend)).hedgeAfterMs(first, conditions)).toBe(afterMs);
  });
});

describe("a comparison after the answer", () => {
  it.each<[string, "edge" | "origin", object, Conditions, "edge" | "origin" | null]>([
    ["is made on the other side", "edge", {}, good, "origin"],
    ["is made on the edge while that is idle", "origin", {}, good, "edge"],
    ["is not made on an edge with a queue", "origin", {}, edge({ queueMs: 1 }), null],
    ["is not made on an edge that would have to load", "origin", {}, edge({ model: "cold" }), null],
    ["is not made on an origin whose breaker is open", "edge", {}, originOpen(good), null],
    ["is not made where residency forbids it", "edge", allow("edge"), good, null],
    ["does not mind an override", "origin", { override: "origin" }, good, "edge"],
  ])("%s", (_, answered, bend, conditions, side) => {
    expect(decisionsFor(text, policy(bend)).shadow(answered, conditions)?.side ?? null).toBe(side);
  });
});
