/** The queue in workerd: each decision includes the texts that were sent to the edge before it. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it } from "vitest";
import { SHORT } from "../../support/texts.ts";
import { urlOf } from "../support/faulty.ts";
import {
  aGateway,
  aLifetime,
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

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  engine.onRun = () => {};
  await settled();
  await env.POLICIES.delete("policy");
});

async function gatewayWith(behaviour: string, policy: object) {
  await setPolicy(policy);
  return ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock: handClock(), engine }));
}

it("each text's decision sees the whole queue before it, including texts of the same request", async () => {
  const gateway = await gatewayWith("ok?beside", { edge: { maxQueueMs: 0 } });
  const oneMs = gateway.world.sides.edge.predictedRunMs(9) ?? 0;
  const queuesMs: number[] = [];
  engine.onRun = () => queuesMs.push(gateway.world.sides.edge.conditions().queueMs);
  const response = await classify(
    gateway,
    Array.from({ length: 8 }, () => SHORT),
  );
  expect(routingOf(response)).toEqual({ status: 200, route: "mixed", because: "within-share, edge-busy" });
  expect(queuesMs.length).toBeGreaterThan(0);
  // At the start of each run, the queue holds only that run.
  for (const queueMs of queuesMs) expect(queueMs).toBeLessThan(2 * oneMs);
});

it("if no origin can answer, callers wait for the edge up to a limit, and then get 503 with retry-after", async () => {
  const timeoutMs = 200;
  const gateway = await gatewayWith("http-500?limit", {
    edge: { share: 0, maxQueueMs: 0 },
    origin: { timeoutMs },
    retryBudget: { percent: 100 },
  });
  for (let call = 0; call < 5; call++) await classify(gateway, SHORT);
  expect(originBreaker(gateway).state).toBe("open");

  let release = () => {};
  engine.onRun = () => new Promise<void>((resolve) => (release = resolve));
  const { edge } = gateway.world.sides;
  // Long enough that a few texts fill the time limit: fewer than the isolate has slots for.
  const text = `${SHORT}. `.repeat(10);
  const oneMs = edge.predictedRunMs((await edge.tokenize(text, aLifetime()))?.tokens ?? 0) ?? 0;
  const answers: Promise<Response>[] = [];
  let longestMs = 0;
  for (let call = 0; call < 2 * Math.ceil(timeoutMs / oneMs); call++) {
    answers.push(classify(gateway, text));
    await scheduler.wait(0);
    longestMs = Math.max(longestMs, edge.conditions().queueMs);
  }
  engine.onRun = () => {};
  release();
  const settledAnswers = await Promise.all(answers);
  expect(longestMs).toBeGreaterThan(timeoutMs);
  expect(longestMs).toBeLessThanOrEqual(timeoutMs + 2 * oneMs);
  const routings = settledAnswers.map(routingOf);
  expect(routings.filter(({ because }) => because === "origin-unavailable").length).toBeGreaterThan(1);
  const refused = settledAnswers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(1);
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
});
