/** Shadows inside workerd: the other side sees the text after the answer is out, and nothing else changes. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { World } from "../../../gateway/world.ts";
import { publish } from "./packages.ts";
import { sharedEngine } from "./shared-engine.ts";
import { aCall, aWorld, classify, handClock, originBreaker, ready, setPolicy, settled, wayOf } from "./world.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "see you at lunch tomorrow ".repeat(200);

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  engine.broken = false;
  await settled();
  await env.POLICIES.delete("policy");
});

const url = (behaviour: string) => `${inject("faultOrigin")}${behaviour}`;
const callsOf = async (behaviour: string): Promise<number> =>
  ((await (await fetch(url(behaviour))).json()) as { calls: number }).calls;

async function worldWith(behaviour: string, policy: object): Promise<World> {
  await setPolicy(policy);
  return ready(aWorld({ modelId, originUrl: url(behaviour), clock: handClock(), engine }));
}

const all = { shadow: { share: 100 } };

describe("a shadow", () => {
  it("is sent to the other side after the answer is out, once per text, and only in its share", async () => {
    const world = await worldWith("ok?shadowed", all);
    const begun: (() => Promise<unknown>)[] = [];
    const call = { ...aCall(), afterAnswer: (work: () => Promise<unknown>) => begun.push(work) };
    expect(wayOf(await classify(world, [SHORT, SHORT], call)).route).toBe("edge");
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
      expect(wayOf(await classify(world, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
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
      expect(wayOf(await classify(world, SHORT)).because).toBe("outside-share");
      await settled();
    }
    expect(world.edge.conditions().breakerAllows).toBe(true);
  });

  it("is not sent where the other side may not see the text, cannot hold it, or is cold", async () => {
    const residency = { rules: [{ countries: ["DE"], allow: ["edge"] }] };
    const bound = await worldWith("ok?bound", { ...all, residency });
    await classify(bound, SHORT, aCall(), { cf: { country: "DE" } });
    await settled();
    expect(await callsOf("ok?bound")).toBe(0);

    const world = await worldWith("ok", all);
    const runsBefore = world.edge.conditions().p95Ms;
    expect(wayOf(await classify(world, LONG)).because).toBe("too-long");
    await settled();
    expect(world.edge.conditions().p95Ms).toBe(runsBefore);
  });
});
