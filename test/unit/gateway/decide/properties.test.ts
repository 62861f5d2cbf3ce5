/** What holds under any conditions: no rule sends a text where the policy, residency or memory forbid it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisionsFor } from "../../../../gateway/decide/decide.ts";
import type { TextNumbers } from "../../../../gateway/decide/facts.ts";
import { permittedIn } from "../../../../gateway/decide/residency.ts";
import type { SideRoute } from "../../../../gateway/decide/route.ts";
import type { Conditions, OriginConditions } from "../../../../gateway/sides.ts";
import { policySchema } from "../../../../policies/schema.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";

const NOW_MS = 1_000_000;
/** The first attempt, which has failed. */
const AT_EDGE: SideRoute = { side: "edge", because: "within-share" };
const AT_ORIGIN: SideRoute = { side: "origin", because: "outside-share", origin: "a" };
const permission = fc.constantFrom("edge", "origin", "origin:a", "origin:b");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const address = { url: "https://example.com/", region: "us-east-1" };
const ms = fc.integer({ min: 0, max: 5000 });

const policies = fc
  .record({
    override: maybe(fc.constantFrom("edge", "origin")),
    edge: fc.record({
      share: fc.constantFrom(0, 12.34, 50, 100),
      maxTokens: fc.integer({ min: 1, max: 512 }),
      maxQueueMs: ms,
    }),
    latencyBudgetMs: maybe(fc.integer({ min: 1, max: 5000 })),
    origin: fc.record({ timeoutMs: fc.integer({ min: 100, max: 5000 }) }),
    residency: fc.record({
      rules: fc.array(
        fc.record({
          countries: fc.array(fc.constantFrom("EU", "DE", "US"), { minLength: 1, maxLength: 2 }),
          allow: fc.array(permission, { maxLength: 3 }),
        }),
        { maxLength: 3 },
      ),
      unknown: fc.oneof(fc.constantFrom("allow", "refuse"), fc.array(permission, { maxLength: 2 })),
    }),
  })
  .map((document) => policySchema.parse({ ...document, origins: { a: address, b: address } }));

const texts: fc.Arbitrary<TextNumbers> = fc.record({
  tokens: maybe(fc.integer({ min: 1, max: 600 })),
  bytes: fc.integer({ min: 0, max: 10_000 }),
  stickyKey: fc.string(),
  edgeRunMs: maybe(ms),
  location: fc.constantFrom(
    { country: "DE", isEu: true },
    { country: "US", isEu: false },
    { country: null, isEu: false },
    { country: "JP", isEu: false },
  ),
});

const origin = (name: string) =>
  fc.record({
    name: fc.constant(name),
    weight: fc.constantFrom(0, 1, 100),
    breakerAllows: fc.boolean(),
    allowsEarlyTrial: fc.boolean(),
    isFull: fc.boolean(),
    retryAtMs: maybe(ms.map((later) => NOW_MS + later)),
    longTextsPause: maybe(
      fc.record({
        fromBytes: fc.integer({ min: 0, max: 10_000 }),
        allowsEarlyTrial: fc.boolean(),
        retryAtMs: maybe(ms.map((later) => NOW_MS + later)),
      }),
    ),
    p95Ms: maybe(ms),
  });

const conditions: fc.Arbitrary<Conditions> = fc.record({
  edge: fc.record({
    model: fc.constantFrom("ready" as const, "cold" as const, "rejected" as const),
    breakerAllows: fc.boolean(),
    maxTokens: maybe(fc.integer({ min: 1, max: 512 })),
    packageMaxTokens: maybe(fc.integer({ min: 1, max: 512 })),
    queueMs: ms,
    p95Ms: maybe(ms),
  }),
  origins: fc.oneof(
    origin("a").map((one) => [one]),
    fc.tuple(origin("a"), origin("b")).map((two) => [...two]),
  ),
});

function pauses({ longTextsPause }: OriginConditions, { bytes }: TextNumbers): boolean {
  return longTextsPause !== null && bytes >= longTextsPause.fromBytes;
}

/** Nothing decides before the rules about time do. */
const shortTexts = texts.map((text) => ({ ...text, tokens: 5 }));
const openPolicies = policies.map((policy) => ({
  ...policy,
  override: null,
  residency: policySchema.parse({}).residency,
  edge: { ...policy.edge, share: 100, maxTokens: 512 },
}));
const readyNow = conditions.map((now) => ({
  ...now,
  edge: { ...now.edge, model: "ready" as const, breakerAllows: true, maxTokens: 512 },
}));

describe("whatever the conditions", () => {
  it("no route, fallback or hedge goes to a side that residency, memory, a breaker or a rejected model forbids", () => {
    fc.assert(
      fc.property(texts, policies, conditions, (text, policy, now) => {
        const permitted = permittedIn(policy.residency, text.location);
        const limit = Math.min(policy.edge.maxTokens, now.edge.maxTokens ?? Number.POSITIVE_INFINITY);
        const tries = [
          decisionsFor(text, policy).route(now, NOW_MS),
          decisionsFor(text, policy).fallback(AT_EDGE, now),
          decisionsFor(text, policy).fallback(AT_ORIGIN, now),
          decisionsFor(text, policy).hedge("edge", now),
          decisionsFor(text, policy).hedge("origin", now),
        ];
        expect(decisionsFor(text, policy).fallback(AT_ORIGIN, now)).not.toMatchObject({ origin: "a" });
        const longestWaitMs = Math.max(policy.edge.maxQueueMs, policy.origin.timeoutMs);
        for (const route of tries) {
          if (route?.side === "edge") {
            expect(permitted.edge).toBe(true);
            expect(text.tokens ?? 0).toBeLessThanOrEqual(limit);
            expect(now.edge.breakerAllows).toBe(true);
            expect(now.edge.model).not.toBe("rejected");
            expect(now.edge.queueMs).toBeLessThanOrEqual(longestWaitMs);
          }
          if (route?.side === "origin") {
            expect(permitted.origin(route.origin)).toBe(true);
            const called = now.origins.find(({ name }) => name === route.origin);
            if (called === undefined) throw new Error("the route names an origin that does not exist");
            const isPaused = pauses(called, text);
            if (!route.mayBeEarlyTrial) expect([called.breakerAllows, isPaused]).toEqual([true, false]);
            else {
              expect(called.breakerAllows || called.allowsEarlyTrial).toBe(true);
              if (isPaused) expect(called.longTextsPause?.allowsEarlyTrial).toBe(true);
            }
          }
        }
      }),
      fuzzRuns(1000),
    );
  });

  it("a text goes to an origin that refuses it, or has no place, only if no permitted one accepts it", () => {
    let seen = 0;
    fc.assert(
      fc.property(texts, policies, conditions, (text, policy, now) => {
        const permitted = permittedIn(policy.residency, text.location);
        const route = decisionsFor(text, policy).route(now, NOW_MS);
        if (route.side !== "origin") return;
        const accepts = (one: OriginConditions) => one.breakerAllows && !pauses(one, text);
        const called = now.origins.filter(({ name }) => name === route.origin);
        const others = now.origins.filter(({ name }) => name !== route.origin && permitted.origin(name));
        if (!called.some(accepts)) expect(others.filter(accepts)).toEqual([]);
        else if (called.some(({ isFull }) => isFull)) {
          expect(others.filter((one) => accepts(one) && !one.isFull)).toEqual([]);
        }
        if (others.some((one) => pauses(one, text))) seen += 1;
      }),
      fuzzRuns(1000),
    );
    expect(seen).toBeGreaterThan(5);
  });

  it("`edge-slow` never chooses the side that is predicted slower, and only one within the budget", () => {
    const patient = openPolicies.map((policy) => ({ ...policy, edge: { ...policy.edge, maxQueueMs: 5000 } }));
    let seen = 0;
    fc.assert(
      fc.property(shortTexts, patient, readyNow, (text, policy, now) => {
        const route = decisionsFor(text, policy).route(now, NOW_MS);
        if (route.because !== "edge-slow" || route.side !== "origin") return;
        seen += 1;
        const p95Ms = now.origins.find(({ name }) => name === route.origin)?.p95Ms ?? Number.POSITIVE_INFINITY;
        expect(p95Ms).toBeLessThan(now.edge.queueMs + (text.edgeRunMs ?? 0));
        expect(p95Ms).toBeLessThanOrEqual(policy.latencyBudgetMs ?? 0);
      }),
      fuzzRuns(1000),
    );
    expect(seen).toBeGreaterThan(5);
  });

  it("no text goes against the share or an override, but where nothing else can answer", () => {
    const seen = { share: 0, override: 0 };
    const anywhere = policies.map((policy) => ({ ...policy, residency: policySchema.parse({}).residency }));
    const withEdge = conditions.map((now) => ({
      ...now,
      edge: { ...now.edge, model: "ready" as const, breakerAllows: true, maxTokens: 600, queueMs: 0 },
    }));
    fc.assert(
      fc.property(texts, anywhere, withEdge, (text, policy, now) => {
        const route = decisionsFor(text, policy).route(now, NOW_MS);
        if (route.side !== "edge") return;
        const atOrigin = decisionsFor(text, policy).fallback(AT_EDGE, now);
        // An early trial is for texts that no other side can answer.
        const originCan = atOrigin?.side === "origin" && !atOrigin.mayBeEarlyTrial;
        if (policy.override === "origin") {
          seen.override += 1;
          expect([route.because, originCan]).toEqual(["origin-unavailable", false]);
        }
        if (policy.override === null && policy.edge.share === 0) {
          seen.share += 1;
          expect([route.because, originCan]).toEqual(["origin-unavailable", false]);
        }
      }),
      fuzzRuns(1000),
    );
    expect(Math.min(seen.share, seen.override)).toBeGreaterThan(0);
  });

  it("a latency budget of `edge.maxQueueMs` plus the time of a run sends nothing to the origin, half of it does", () => {
    let seen = 0;
    fc.assert(
      fc.property(shortTexts, openPolicies, readyNow, (text, policy, now) => {
        const longestMs = policy.edge.maxQueueMs + (text.edgeRunMs ?? 0);
        const because = (latencyBudgetMs: number) =>
          decisionsFor(text, { ...policy, latencyBudgetMs }).route(now, NOW_MS).because;
        expect(because(longestMs)).not.toBe("edge-slow");
        if (because(longestMs / 2) === "edge-slow") seen += 1;
      }),
      fuzzRuns(1000),
    );
    expect(seen).toBeGreaterThan(5);
  });

  it("a text is refused only where neither side could take it", () => {
    fc.assert(
      fc.property(texts, policies, conditions, (text, policy, now) => {
        if (decisionsFor(text, policy).route(now, NOW_MS).side !== "refuse") return;
        expect(decisionsFor(text, policy).fallback(AT_EDGE, now)).toBeNull();
        expect(decisionsFor(text, policy).fallback(AT_ORIGIN, now)).toBeNull();
      }),
      fuzzRuns(1000),
    );
  });
});
