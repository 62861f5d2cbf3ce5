/** Hedges, the retry budget and several origins, inside workerd, against origins that really misbehave. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { World } from "../../../gateway/world.ts";
import { seenBy, tell, urlOf } from "../support/faulty.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";
import {
  aCall,
  aWorld,
  classify,
  handClock,
  originBreaker,
  ready,
  recordingWaits,
  routingOf,
  setPolicy,
  settled,
} from "../support/world.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "see you at lunch tomorrow ".repeat(200);

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  Object.assign(engine, { broken: false, onRun: () => {} });
  await settled();
  await env.POLICIES.delete("policy");
});

async function worldWith(behaviour: string, policy: object, clock = handClock()): Promise<World> {
  await setPolicy(policy);
  return ready(aWorld({ modelId, originUrl: urlOf(behaviour), clock, engine }));
}

/** Sends everything to the origin first, and a hand clock stands still: the budget must do for one second. */
const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
const hedge = { enabled: true, afterMs: 20 };

describe("a hedge", () => {
  it("takes the other side's answer when the first is slow; the origin sees the abort, its breaker nothing", async () => {
    const world = await worldWith("hang?hedge", { ...originFirst, hedge });
    for (let call = 0; call < 6; call++) {
      expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "edge", because: "hedge" });
    }
    await expect.poll(async () => (await seenBy("hang?hedge")).aborted).toBe(6);
    expect(originBreaker(world)).toMatchObject({ state: "closed" });
  });

  it("is not sent when the first side answers in time, nor where hedging is off", async () => {
    const quick = await worldWith("ok", { ...originFirst, hedge: { enabled: true, afterMs: 5000 } });
    expect(routingOf(await classify(quick, SHORT)).because).toBe("outside-share");
    const off = await worldWith("slow-300", { ...originFirst, hedge: { enabled: false, afterMs: 20 } });
    expect(routingOf(await classify(off, SHORT))).toMatchObject({ route: "origin", because: "outside-share" });
  });

  it("is not sent to a side that could not take the text, or may not see it", async () => {
    const long = await worldWith("slow-300", { ...originFirst, hedge });
    expect(routingOf(await classify(long, LONG))).toMatchObject({ route: "origin", because: "too-long" });
    const residency = { rules: [{ countries: ["DE"], allow: ["origin"] }] };
    const bound = await worldWith("slow-300", { hedge, residency });
    expect(routingOf(await classify(bound, SHORT, undefined, { cf: { country: "DE" } }))).toMatchObject({
      route: "origin",
      because: "residency",
    });
  });

  it("that fails leaves the first side's answer, however late", async () => {
    const world = await worldWith("slow-300", { ...originFirst, hedge });
    engine.broken = true;
    expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "origin", because: "outside-share" });
  });

  it("counts against the retry budget", async () => {
    const world = await worldWith("slow-300", {
      ...originFirst,
      hedge,
      retryBudget: { percent: 0, minPerSecond: 1 },
    });
    expect(routingOf(await classify(world, SHORT)).because).toBe("hedge");
    expect(routingOf(await classify(world, SHORT)).because).toBe("outside-share");
  });

  it("without a time of its own waits for the origin's recent P95, once that is known", async () => {
    const { clock, waits } = recordingWaits(handClock());
    await setPolicy({ ...originFirst, hedge: { enabled: true }, origin: { timeoutMs: 5000 } });
    const world = await ready(aWorld({ modelId, originUrl: urlOf("told?p95"), clock, engine }));
    // Nothing is known of the origin yet: a slow one is not hedged.
    await tell("told?p95", "slow-300");
    expect(routingOf(await classify(world, SHORT)).because).toBe("outside-share");
    await tell("told?p95", "ok");
    for (let call = 0; call < 5; call++) await classify(world, SHORT);
    const p95Ms = world.origins.status().get("default")?.p95Ms;
    await tell("told?p95", "hang");
    waits.length = 0;
    expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "edge", because: "hedge" });
    expect(p95Ms).not.toBeNull();
    expect(waits).toContain(p95Ms);
  });

  it("is not sent to an edge that would have to load first: the caller's own side is waited for", async () => {
    await setPolicy({ hedge });
    const world = aWorld({ modelId, originUrl: urlOf("slow-300"), clock: handClock(), engine });
    const cold = { ...aCall(), afterAnswer: () => {} };
    expect(routingOf(await classify(world, SHORT, cold))).toEqual({
      status: 200,
      route: "origin",
      because: "edge-cold",
    });
    expect(world.edge.status().state).toBe("cold");
  });

  it("is not sent against an override", async () => {
    const world = await worldWith("slow-300?override", { override: "origin", hedge });
    expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "origin", because: "override" });
  });

  it("goes to the origin when the edge is slow; the edge's turn is given back, and its breaker hears nothing", async () => {
    const world = await worldWith("ok?slow-edge", { hedge, retryBudget: { percent: 100 } });
    let release = () => {};
    engine.onRun = () => new Promise<void>((resolve) => (release = resolve));
    for (let call = 0; call < 4; call++) {
      expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "origin", because: "hedge" });
      release();
      await settled();
      expect(world.edge.conditions().queueMs).toBe(0);
    }
    expect(world.edge.status().breaker.state).toBe("closed");
    engine.onRun = () => {};
    expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
  });

  it("of a slow edge never goes to an origin that may not see the text", async () => {
    const residency = { rules: [{ countries: ["DE"], allow: ["edge"] }] };
    const world = await worldWith("ok?forbidden", { hedge, residency });
    engine.onRun = () => scheduler.wait(60);
    expect(routingOf(await classify(world, SHORT, undefined, { cf: { country: "DE" } }))).toMatchObject({
      route: "edge",
      because: "residency",
    });
    expect((await seenBy("ok?forbidden")).calls).toBe(0);
  });
});

describe("the retry budget", () => {
  it("a storm of failures adds a fifth to the traffic, counted where it arrives", async () => {
    const texts = 200;
    let runs = 0;
    const world = await worldWith("http-500?storm", {
      edge: { share: 0, maxQueueMs: 30_000 },
      // The breaker would end the storm after a few calls: here it is the budget alone.
      breaker: { origin: { consecutive: 1000, minCalls: 10_000 } },
    });
    engine.onRun = () => {
      runs += 1;
    };
    const statuses = [];
    for (let text = 0; text < texts; text++) statuses.push((await classify(world, SHORT)).status);
    const { calls } = await seenBy("http-500?storm");
    expect(calls).toBe(texts);
    expect(calls + runs).toBeLessThanOrEqual(1.2 * texts);
    expect(runs).toBeGreaterThan(0.18 * texts);
    expect(statuses.filter((status) => status === 200)).toHaveLength(runs);
  });

  it("spent, a failure is the caller's answer: 503 with Retry-After, and the edge is not asked", async () => {
    const world = await worldWith("http-500", { ...originFirst, retryBudget: { percent: 0, minPerSecond: 2 } });
    const because = [];
    for (let call = 0; call < 4; call++) because.push(routingOf(await classify(world, SHORT)));
    expect(because.map(({ status }) => status)).toEqual([200, 200, 503, 503]);
    const refused = await classify(world, SHORT);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  });
});

describe("several origins", () => {
  it("a country that one of them is for is never answered by the other, not even when its own is down", async () => {
    const origins = {
      eu: { url: urlOf("told?eu"), region: "eu-central-1" },
      us: { url: urlOf("ok?us"), region: "us-east-1", weight: 10_000 },
    };
    const residency = { rules: [{ countries: ["EU"], allow: ["origin:eu"] }] };
    await tell("told?eu", "ok");
    const world = await worldWith("hang", {
      origins,
      residency,
      hedge,
      shadow: { share: 100 },
      retryBudget: { percent: 100 },
    });
    const german = { cf: { country: "DE", isEUCountry: "1" as const } };
    expect(routingOf(await classify(world, SHORT, undefined, german)).because).toBe("residency");
    await settled();
    await tell("told?eu", "http-500");
    for (let call = 0; call < 7; call++) expect((await classify(world, SHORT, undefined, german)).status).toBe(503);
    await settled();
    expect((await seenBy("told?eu")).calls).toBe(6);
    expect((await seenBy("ok?us")).calls).toBe(0);
  });

  it("when one fails, its breaker opens alone, and its callers go to the other", async () => {
    const origins = {
      bad: { url: urlOf("http-500?several"), region: "us-east-1" },
      good: { url: urlOf("ok?several"), region: "eu-central-1" },
    };
    const edge = { share: 0, stickyBy: "header:x-caller" };
    const world = await worldWith("hang", { ...originFirst, edge, origins });
    const callers = Array.from({ length: 40 }, (_, index) => ({ "x-caller": `caller-${index}` }));
    for (const headers of callers) {
      expect((await classify(world, SHORT, undefined, { headers })).status).toBe(200);
    }
    const status = world.origins.status();
    expect(status.get("bad")?.breaker.state).toBe("open");
    expect(status.get("good")?.breaker.state).toBe("closed");
    expect((await seenBy("http-500?several")).calls).toBe(5);
    for (const headers of callers) {
      expect(routingOf(await classify(world, SHORT, undefined, { headers })).route).toBe("origin");
    }
    expect((await seenBy("http-500?several")).calls).toBe(5);
  });

  it("an origin that a policy edit leaves as it was keeps its breaker; one with a new address begins anew", async () => {
    const world = await worldWith("hang", {});
    const wanting = async (behaviour: string, weight: number) => {
      const { defaultPolicy } = await import("../../../policies/parse.ts");
      world.origins.obey({
        ...defaultPolicy(),
        origins: { only: { url: urlOf(behaviour), region: "us-east-1", weight } },
      });
    };
    await wanting("http-500?keeps", 100);
    const limits = { timeoutMs: 1000, maxTokens: 100 };
    for (let call = 0; call < 5; call++) await world.origins.call("only", "text", limits, aCall());
    expect(world.origins.status().get("only")?.breaker.state).toBe("open");
    await wanting("http-500?keeps", 50);
    expect(world.origins.status().get("only")?.breaker.state).toBe("open");
    await wanting("ok?keeps", 50);
    expect(world.origins.status().get("only")?.breaker.state).toBe("closed");
  });
});
