/** Shadows inside workerd: the other side sees the text after the answer is out, and nothing else changes. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { program, seenBy, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  classify,
  handClock,
  originBreaker,
  ready,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

/** Over half of what the edge takes: when it does not fit, the edge would take less from now on. */
const LONGISH = "see you at lunch tomorrow ".repeat(35);

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

async function gatewayWith(behaviour: string, policy: object): Promise<Gateway> {
  await setPolicy(policy);
  return ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock: handClock(), engine }));
}

const all = { shadow: { share: 100 } };

describe("a shadow", () => {
  it("is sent to the other side after the answer is out, once per text, and only in its share", async () => {
    const gateway = await gatewayWith("ok?shadowed", all);
    expect(routingOf(await classify(gateway, [SHORT, SHORT])).route).toBe("edge");
    expect(await callsOf("ok?shadowed")).toBe(0);
    await settled();
    expect(await callsOf("ok?shadowed")).toBe(2);

    const without = await gatewayWith("ok?without", {});
    await classify(without, SHORT);
    await settled();
    expect(await callsOf("ok?without")).toBe(0);
  });

  it("that fails, or is slow, opens no breaker and teaches no latency", async () => {
    const gateway = await gatewayWith("http-500?shadow", { ...all, retryBudget: { percent: 0, minPerSecond: 0 } });
    for (let text = 0; text < 10; text++) {
      expect(routingOf(await classify(gateway, SHORT))).toEqual({
        status: 200,
        route: "edge",
        because: "within-share",
      });
      await settled();
    }
    expect(await callsOf("http-500?shadow")).toBe(10);
    expect(originBreaker(gateway).state).toBe("closed");
    expect(gateway.world.sides.origins.status().get("default")?.p95Ms).toBeNull();
  });

  it("at the edge that fails opens no breaker either", async () => {
    const gateway = await gatewayWith("ok", { ...all, edge: { share: 0 } });
    engine.broken = true;
    for (let text = 0; text < 5; text++) {
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
      await settled();
    }
    expect(gateway.world.sides.edge.conditions().breakerAllows).toBe(true);
  });

  it("that succeeds teaches neither the origin's latency nor the edge's", async () => {
    const toOrigin = await gatewayWith("ok?teaches", all);
    for (let text = 0; text < 10; text++) {
      await classify(toOrigin, SHORT);
      await settled();
    }
    expect(await callsOf("ok?teaches")).toBe(10);
    expect(toOrigin.world.sides.origins.status().get("default")?.p95Ms).toBeNull();

    const toEdge = await gatewayWith("ok", { ...all, edge: { share: 0 } });
    let runs = 0;
    engine.onRun = () => {
      runs += 1;
    };
    for (let text = 0; text < 10; text++) {
      await classify(toEdge, SHORT);
      await settled();
    }
    expect(runs).toBe(10);
    expect(toEdge.world.sides.edge.conditions().p95Ms).toBeNull();
  });

  it("that does not fit in the heap does not lower what the edge takes", async () => {
    const gateway = await gatewayWith("ok", { ...all, edge: { share: 0 } });
    const { maxTokens } = gateway.world.sides.edge.conditions();
    engine.full = true;
    await classify(gateway, LONGISH);
    await settled();
    engine.full = false;
    expect(gateway.world.sides.edge.conditions().maxTokens).toBe(maxTokens);
    expect(gateway.world.sides.edge.status().state).toBe("ready");
  });

  it("is not sent to an edge that is busy, nor to one that would have to load", async () => {
    const gateway = await gatewayWith("ok?busy", { ...all, edge: { share: 0 } });
    let release = () => {};
    const runs: string[] = [];
    engine.onRun = () => {
      runs.push("run");
      return new Promise<void>((resolve) => (release = resolve));
    };
    // The first one's shadow has the edge, so the second one's has to stay away.
    await classify(gateway, SHORT);
    await expect.poll(() => runs.length).toBe(1);
    await classify(gateway, SHORT);
    // Longer than a response takes to leave: by then the second shadow has found the edge busy.
    await scheduler.wait(50);
    release();
    await settled();
    expect(runs).toHaveLength(1);

    engine.onRun = () => {};
    await setPolicy({ ...all, edge: { share: 0 } });
    const events: IsolateEvent[] = [];
    const report = (event: IsolateEvent) => events.push(event);
    const cold = aGateway({ modelId, originUrl: urlOf("ok"), clock: handClock(), engine, report });
    expect(routingOf(await classify(cold, SHORT)).because).toBe("edge-cold");
    await settled();
    // The load and the answer, and no shadow.
    expect(cold.world.sides.edge.status().state).toBe("ready");
    const kinds = events.map(({ kind }) => kind).toSorted();
    const answer = ["attempt-paid", "origin-call", "policy", "request-ended", "text-ended"];
    expect(kinds).toEqual([...answer, "edge-load", "edge-load-paid"].toSorted());
  });

  it("of a request with 64 texts goes one text at a time, and two requests' at most side by side", async () => {
    const gateway = await gatewayWith("programmed?many", all);
    let atOnce = 0;
    let most = 0;
    const { origins } = gateway.world.sides;
    const named = origins.named.bind(origins);
    origins.named = (name) => ({
      attempt: (...args) => {
        most = Math.max(most, ++atOnce);
        return named(name)
          .attempt(...args)
          .finally(() => atOnce--);
      },
    });
    await program("programmed?many", "ok");
    await Promise.all(
      [1, 2, 3].map(() =>
        classify(
          gateway,
          Array.from({ length: 64 }, () => SHORT),
        ),
      ),
    );
    await settled();
    expect(most).toBe(2);
    expect(await callsOf("programmed?many")).toBeGreaterThanOrEqual(64);
  });

  it("is not sent where the other side may not see the text, cannot hold it, or is cold", async () => {
    const residency = { rules: [{ countries: ["DE"], allow: ["edge"] }] };
    const bound = await gatewayWith("ok?bound", { ...all, residency });
    await classify(bound, SHORT, { cf: { country: "DE" } });
    await settled();
    expect(await callsOf("ok?bound")).toBe(0);

    const gateway = await gatewayWith("ok", all);
    const runsBefore = gateway.world.sides.edge.conditions().p95Ms;
    expect(routingOf(await classify(gateway, LONG)).because).toBe("too-long");
    await settled();
    expect(gateway.world.sides.edge.conditions().p95Ms).toBe(runsBefore);
  });
});
