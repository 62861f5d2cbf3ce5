/** Hedges, the retry budget and several origins, inside workerd, against origins that really misbehave. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { program, seenBy, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  aLifetime,
  classify,
  handClock,
  originBreaker,
  ready,
  recordingWaits,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

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

async function gatewayWith(behaviour: string, policy: object, clock = handClock()): Promise<Gateway> {
  await setPolicy(policy);
  return ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock, engine }));
}

/** Sends everything to the origin first, and a hand clock stands still: the budget must do for one second. */
const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
const hedge = { enabled: true, afterMs: 20 };

describe("a hedge", () => {
  it("takes the other side's answer when the first is slow; the origin sees the abort, its breaker nothing", async () => {
    const gateway = await gatewayWith("hang?hedge", { ...originFirst, hedge });
    for (let call = 0; call < 6; call++) {
      expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "hedge" });
    }
    await expect.poll(async () => (await seenBy("hang?hedge")).aborted).toBe(6);
    expect(originBreaker(gateway)).toMatchObject({ state: "closed" });
  });

  it("is not sent when the first side answers in time, nor where hedging is off", async () => {
    const quick = await gatewayWith("ok", { ...originFirst, hedge: { enabled: true, afterMs: 5000 } });
    expect(routingOf(await classify(quick, SHORT)).because).toBe("outside-share");
    const off = await gatewayWith("slow-300", { ...originFirst, hedge: { enabled: false, afterMs: 20 } });
    expect(routingOf(await classify(off, SHORT))).toMatchObject({ route: "origin", because: "outside-share" });
  });

  it("is not sent to a side that could not take the text, or may not see it", async () => {
    const long = await gatewayWith("slow-300", { ...originFirst, hedge });
    expect(routingOf(await classify(long, LONG))).toMatchObject({ route: "origin", because: "too-long" });
    const residency = { rules: [{ countries: ["DE"], allow: ["origin"] }] };
    const bound = await gatewayWith("slow-300", { hedge, residency });
    expect(routingOf(await classify(bound, SHORT, { cf: { country: "DE" } }))).toMatchObject({
      route: "origin",
      because: "residency",
    });
  });

  it("that fails leaves the first side's answer, however late", async () => {
    const gateway = await gatewayWith("slow-300", { ...originFirst, hedge });
    engine.broken = true;
    expect(routingOf(await classify(gateway, SHORT))).toEqual({
      status: 200,
      route: "origin",
      because: "outside-share",
    });
  });

  it("counts against the retry budget", async () => {
    const gateway = await gatewayWith("slow-300", {
      ...originFirst,
      hedge,
      retryBudget: { percent: 0, minPerSecond: 1 },
    });
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("hedge");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
  });

  it("without a configured time waits for the origin's recent P95, once that is known", async () => {
    const { clock, waits } = recordingWaits(handClock());
    await setPolicy({ ...originFirst, hedge: { enabled: true }, origin: { timeoutMs: 5000 } });
    const gateway = await ready(aGateway({ modelId, originUrl: urlOf("programmed?p95"), clock, engine }));
    // Nothing is known of the origin yet: a slow one is not hedged.
    await program("programmed?p95", "slow-300");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
    await program("programmed?p95", "ok");
    for (let call = 0; call < 5; call++) await classify(gateway, SHORT);
    const p95Ms = gateway.world.sides.origins.status().get("default")?.p95Ms;
    await program("programmed?p95", "hang");
    waits.length = 0;
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "hedge" });
    expect(p95Ms).not.toBeNull();
    expect(waits).toContain(p95Ms);
  });

  it("is not sent to an edge that would have to load first: the caller's own side is waited for", async () => {
    await setPolicy({ hedge });
    const gateway = aGateway({ modelId, originUrl: urlOf("slow-300"), clock: handClock(), engine });
    const cold = { ...aLifetime(), afterAnswer: () => {} };
    expect(routingOf(await classify(gateway, SHORT, cold))).toEqual({
      status: 200,
      route: "origin",
      because: "edge-cold",
    });
    expect(gateway.world.sides.edge.status().state).toBe("cold");
  });

  it("is not sent against an override", async () => {
    const gateway = await gatewayWith("slow-300?override", { override: "origin", hedge });
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "origin", because: "override" });
  });

  it("goes to the origin when the edge is slow; the edge's turn is given back, and its breaker hears nothing", async () => {
    const gateway = await gatewayWith("ok?slow-edge", { hedge, retryBudget: { percent: 100 } });
    let release = () => {};
    engine.onRun = () => new Promise<void>((resolve) => (release = resolve));
    for (let call = 0; call < 4; call++) {
      expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "origin", because: "hedge" });
      release();
      await settled();
      expect(gateway.world.sides.edge.conditions().queueMs).toBe(0);
    }
    expect(gateway.world.sides.edge.status().breaker.state).toBe("closed");
    engine.onRun = () => {};
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
  });

  it("of a slow edge never goes to an origin that may not see the text", async () => {
    const residency = { rules: [{ countries: ["DE"], allow: ["edge"] }] };
    const gateway = await gatewayWith("ok?forbidden", { hedge, residency });
    engine.onRun = () => scheduler.wait(60);
    expect(routingOf(await classify(gateway, SHORT, { cf: { country: "DE" } }))).toMatchObject({
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
    const gateway = await gatewayWith("http-500?storm", {
      edge: { share: 0, maxQueueMs: 30_000 },
      // The breaker would end the storm after a few calls: in this test only the budget ends it.
      breaker: { origin: { consecutive: 1000, minCalls: 10_000 } },
    });
    engine.onRun = () => {
      runs += 1;
    };
    const statuses = [];
    for (let text = 0; text < texts; text++) statuses.push((await classify(gateway, SHORT)).status);
    const { calls } = await seenBy("http-500?storm");
    expect(calls).toBe(texts);
    expect(calls + runs).toBeLessThanOrEqual(1.2 * texts);
    expect(runs).toBeGreaterThan(0.18 * texts);
    expect(statuses.filter((status) => status === 200)).toHaveLength(runs);
  });

  it("spent, a failure is the caller's answer: 503 with Retry-After, and the edge is not asked", async () => {
    const gateway = await gatewayWith("http-500", { ...originFirst, retryBudget: { percent: 0, minPerSecond: 2 } });
    const because = [];
    for (let call = 0; call < 4; call++) because.push(routingOf(await classify(gateway, SHORT)));
    expect(because.map(({ status }) => status)).toEqual([200, 200, 503, 503]);
    const refused = await classify(gateway, SHORT);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  });
});

describe("several origins", () => {
  it("a country that one of them is for is never answered by the other, not even when its own is down", async () => {
    const origins = {
      eu: { url: urlOf("programmed?eu"), region: "eu-central-1" },
      us: { url: urlOf("ok?us"), region: "us-east-1", weight: 10_000 },
    };
    const residency = { rules: [{ countries: ["EU"], allow: ["origin:eu"] }] };
    await program("programmed?eu", "ok");
    const gateway = await gatewayWith("hang", {
      origins,
      residency,
      hedge,
      shadow: { share: 100 },
      retryBudget: { percent: 100 },
    });
    const german = { cf: { country: "DE", isEUCountry: "1" as const } };
    expect(routingOf(await classify(gateway, SHORT, german)).because).toBe("residency");
    await settled();
    await program("programmed?eu", "http-500");
    for (let call = 0; call < 7; call++) expect((await classify(gateway, SHORT, german)).status).toBe(503);
    await settled();
    expect((await seenBy("programmed?eu")).calls).toBe(6);
    expect((await seenBy("ok?us")).calls).toBe(0);
  });

  it("when one fails, only its breaker opens, and its callers go to the other", async () => {
    const origins = {
      bad: { url: urlOf("http-500?several"), region: "us-east-1" },
      good: { url: urlOf("ok?several"), region: "eu-central-1" },
    };
    const edge = { share: 0, stickyBy: "header:x-caller" };
    const gateway = await gatewayWith("hang", { ...originFirst, edge, origins });
    const callers = Array.from({ length: 40 }, (_, index) => ({ "x-caller": `caller-${index}` }));
    for (const headers of callers) {
      expect((await classify(gateway, SHORT, { headers })).status).toBe(200);
    }
    const status = gateway.world.sides.origins.status();
    expect(status.get("bad")?.breaker.state).toBe("open");
    expect(status.get("good")?.breaker.state).toBe("closed");
    expect((await seenBy("http-500?several")).calls).toBe(5);
    for (const headers of callers) {
      expect(routingOf(await classify(gateway, SHORT, { headers })).route).toBe("origin");
    }
    expect((await seenBy("http-500?several")).calls).toBe(5);
  });

  it("an origin that a policy edit leaves as it was keeps its breaker; one with a new address begins anew", async () => {
    const gateway = await gatewayWith("hang", {});
    const wanting = async (behaviour: string, weight: number) => {
      gateway.world.sides.origins.obey({
        ...defaultPolicy(),
        origins: { only: { url: urlOf(behaviour), region: "us-east-1", weight } },
      });
    };
    await wanting("http-500?keeps", 100);
    const text = { text: "text", tokenized: null };
    const options = { policy: defaultPolicy(), purpose: "answer" as const, caller: null, lifetime: aLifetime() };
    const attempt = () => gateway.world.sides.origins.named("only").attempt(text, options);
    for (let call = 0; call < 5; call++) await attempt();
    expect(gateway.world.sides.origins.status().get("only")?.breaker.state).toBe("open");
    await wanting("http-500?keeps", 50);
    expect(gateway.world.sides.origins.status().get("only")?.breaker.state).toBe("open");
    await wanting("ok?keeps", 50);
    expect(gateway.world.sides.origins.status().get("only")?.breaker.state).toBe("closed");
  });
});
