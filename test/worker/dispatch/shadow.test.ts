/** Shadows inside workerd: the other side sees the text after the answer is out, and nothing else changes. */
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
  routingOf,
  setPolicy,
  settled,
} from "../support/world.ts";

const SHORT = "WIN a free prize now, click here";
/** Over half of what the edge takes: when it does not fit, the edge would take less from now on. */
const LONGISH = "see you at lunch tomorrow ".repeat(35);
const LONG = "see you at lunch tomorrow ".repeat(200);

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  Object.assign(engine, { broken: false, full: false, onRun: () => {} });
  await settled();
  await env.POLICIES.delete("policy");
});

const callsOf = async (path: string) => (await seenBy(path)).calls;

async function worldWith(behaviour: string, policy: object): Promise<World> {
  await setPolicy(policy);
  return ready(aWorld({ modelId, originUrl: urlOf(behaviour), clock: handClock(), engine }));
}

const all = { shadow: { share: 100 } };

describe("a shadow", () => {
  it("is sent to the other side after the answer is out, once per text, and only in its share", async () => {
    const world = await worldWith("ok?shadowed", all);
    const begun: (() => Promise<unknown>)[] = [];
    const call = { ...aCall(), afterAnswer: (work: () => Promise<unknown>) => begun.push(work) };
    expect(routingOf(await classify(world, [SHORT, SHORT], call)).route).toBe("edge");
    expect(await callsOf("ok?shadowed")).toBe(0);
    await Promise.all(begun.map((work) => work()));
    expect(await callsOf("ok?shadowed")).toBe(2);

    const without = await worldWith("ok?without", {});
    await classify(without, SHORT);
    await settled();
    expect(await callsOf("ok?without")).toBe(0);
  });

  it("that fails, or is slow, opens no breaker and teaches no latency", async () => {
    const world = await worldWith("http-500?shadow", { ...all, retryBudget: { percent: 0, minPerSecond: 0 } });
    for (let text = 0; text < 10; text++) {
      expect(routingOf(await classify(world, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
      await settled();
    }
    expect(await callsOf("http-500?shadow")).toBe(10);
    expect(originBreaker(world).state).toBe("closed");
    expect(world.origins.status().get("default")?.p95Ms).toBeNull();
  });

  it("at the edge that fails opens no breaker either", async () => {
    const world = await worldWith("ok", { ...all, edge: { share: 0 } });
    engine.broken = true;
    for (let text = 0; text < 5; text++) {
      expect(routingOf(await classify(world, SHORT)).because).toBe("outside-share");
      await settled();
    }
    expect(world.edge.conditions().breakerAllows).toBe(true);
  });

  it("that succeeds teaches neither the origin's latency nor the edge's", async () => {
    const toOrigin = await worldWith("ok?teaches", all);
    for (let text = 0; text < 10; text++) {
      await classify(toOrigin, SHORT);
      await settled();
    }
    expect(await callsOf("ok?teaches")).toBe(10);
    expect(toOrigin.origins.status().get("default")?.p95Ms).toBeNull();

    const toEdge = await worldWith("ok", { ...all, edge: { share: 0 } });
    let runs = 0;
    engine.onRun = () => {
      runs += 1;
    };
    for (let text = 0; text < 10; text++) {
      await classify(toEdge, SHORT);
      await settled();
    }
    expect(runs).toBe(10);
    expect(toEdge.edge.conditions().p95Ms).toBeNull();
  });

  it("that does not fit in the heap does not lower what the edge takes", async () => {
    const world = await worldWith("ok", { ...all, edge: { share: 0 } });
    const { maxTokens } = world.edge.conditions();
    engine.full = true;
    await classify(world, LONGISH);
    await settled();
    engine.full = false;
    expect(world.edge.conditions().maxTokens).toBe(maxTokens);
    expect(world.edge.status().state).toBe("ready");
  });

  it("is not sent to an edge that is busy, nor to one that would have to load", async () => {
    const world = await worldWith("ok?busy", { ...all, edge: { share: 0 } });
    let release = () => {};
    const runs: string[] = [];
    engine.onRun = () => {
      runs.push("run");
      return new Promise<void>((resolve) => (release = resolve));
    };
    // The first one's shadow has the edge, so the second one's has to stay away.
    await classify(world, SHORT);
    await expect.poll(() => runs.length).toBe(1);
    await classify(world, SHORT);
    release();
    await settled();
    expect(runs).toHaveLength(1);

    await setPolicy({ ...all, edge: { share: 0 } });
    const cold = aWorld({ modelId, originUrl: urlOf("ok"), clock: handClock(), engine });
    const begun: (() => Promise<unknown>)[] = [];
    const call = { ...aCall(), afterAnswer: (work: () => Promise<unknown>) => begun.push(work) };
    expect(routingOf(await classify(cold, SHORT, call)).because).toBe("edge-cold");
    // The first is the load; what follows it is the shadow, which is begun before that.
    await begun[1]?.();
    expect(cold.edge.status().state).toBe("cold");
  });

  it("of a request with 64 texts goes one text at a time, and two requests' at most side by side", async () => {
    const world = await worldWith("told?many", all);
    let atOnce = 0;
    let most = 0;
    const call = world.origins.call.bind(world.origins);
    world.origins.call = async (...args) => {
      most = Math.max(most, ++atOnce);
      return call(...args).finally(() => atOnce--);
    };
    await tell("told?many", "ok");
    await Promise.all(
      [1, 2, 3].map(() =>
        classify(
          world,
          Array.from({ length: 64 }, () => SHORT),
        ),
      ),
    );
    await settled();
    expect(most).toBe(2);
    expect(await callsOf("told?many")).toBeGreaterThanOrEqual(64);
  });

  it("is not sent where the other side may not see the text, cannot hold it, or is cold", async () => {
    const residency = { rules: [{ countries: ["DE"], allow: ["edge"] }] };
    const bound = await worldWith("ok?bound", { ...all, residency });
    await classify(bound, SHORT, aCall(), { cf: { country: "DE" } });
    await settled();
    expect(await callsOf("ok?bound")).toBe(0);

    const world = await worldWith("ok", all);
    const runsBefore = world.edge.conditions().p95Ms;
    expect(routingOf(await classify(world, LONG)).because).toBe("too-long");
    await settled();
    expect(world.edge.conditions().p95Ms).toBe(runsBefore);
  });
});
