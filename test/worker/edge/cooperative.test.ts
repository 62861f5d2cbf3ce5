/** Runs are steps, between which the isolate serves others. In workerd with the real engine; by the order of events, not by time. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import engineWasm from "../../../engine/dist/engine.wasm";
import { USD_PER } from "../../../formats/ledger/prices.ts";
import { LostToOtherSide } from "../../../gateway/call.ts";
import { createSpillwayEngine } from "../../../gateway/edge/spillway/spillway-engine.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import { SHORT } from "../../support/texts.ts";
import { type EnginePackage, publishEnginePackage } from "../support/engine-package.ts";
import { urlOf } from "../support/faulty.ts";
import {
  aGateway,
  aLifetime,
  ask,
  classify,
  get,
  handClock,
  ready,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { anEdge, run, tokens, warmed } from "../support/isolate.ts";
import { watchedEngine } from "../support/watched-engine.ts";

/** Large enough for a run of 512 tokens to take several steps. */
const SIZE = { width: 96, layers: 3 };
let model: EnginePackage;
beforeAll(async () => {
  model = await publishEnginePackage(SIZE);
});
beforeEach(() => env.POLICIES.delete("policy"));

/** Steps are bounded by work, and a clock that stands still teaches no speed: each run has the same steps on every machine. */
const spillwayEngine = () => watchedEngine(createSpillwayEngine(engineWasm, { nowMs: () => 0 }));

const idsOf = (count: number, seed = 1) =>
  Array.from({ length: count }, (_, index) => (seed * 31 + index * 97) % 30_000);
const LONG = idsOf(512);
const LONG_TEXT = "see you at lunch tomorrow ".repeat(80);

async function aReadyEdge() {
  const engine = spillwayEngine();
  const clock = handClock();
  const edge = await warmed(anEdge(model.modelId, { engine, clock }));
  engine.runs = [];
  engine.mostAtOnce = 0;
  return { engine, edge, clock };
}

describe("a run", () => {
  it.each([
    ["its caller hangs up", () => new DOMException("gone", "AbortError"), "caller-gone"],
    ["the other side has answered", () => new LostToOtherSide(), "lost-to-other-side"],
  ])("ends within one step when %s, gives its turn back, and teaches nothing", async (_, why, reason) => {
    const { engine, edge, clock } = await aReadyEdge();
    await run(edge, tokens(edge, LONG));
    const whole = engine.runs[0]?.pauses ?? 0;
    expect(whole).toBeGreaterThan(3);

    const before = [edge.predictedRunMs(512), edge.conditions().p95Ms];
    for (let time = 0; time < 5; time++) {
      const caller = new AbortController();
      engine.onPause = (seen) => {
        clock.moveMs(7);
        if (seen.pauses === 2) caller.abort(why());
      };
      expect(await run(edge, tokens(edge, LONG), aLifetime(caller.signal))).toMatchObject({
        ok: false,
        failure: { reason, kind: "aborted", ranMs: 14 },
      });
      expect(engine.runs.at(-1)).toMatchObject({ pauses: 2, end: "error" });
    }
    expect([edge.predictedRunMs(512), edge.conditions().p95Ms]).toEqual(before);
    expect(edge.status()).toMatchObject({ queuedTexts: 0, breaker: { state: "closed" } });
    engine.onPause = () => {};
    const next = await run(edge, tokens(edge, [1, 2, 3]));
    expect(next.ok && next.answer.windows[0]?.logits).toEqual(Array.from(model.logitsOf([1, 2, 3])));
  });

  it("lets the isolate answer a health check, a refusal and a spilled text before it ends", async () => {
    const engine = spillwayEngine();
    await setPolicy({ edge: { maxQueueMs: 0, maxTokens: 512 } });
    const gateway = await ready(
      aGateway({ modelId: model.modelId, originUrl: urlOf("ok?meanwhile"), clock: handClock(), engine }),
    );
    await get(gateway, "/readyz");
    const events: unknown[] = [];
    engine.runs = [];
    engine.onPause = async ({ pauses }) => {
      if (pauses > 1) return;
      events.push((await get(gateway, "/healthz")).status);
      events.push((await classify(gateway, 7)).status);
      events.push(routingOf(await classify(gateway, SHORT)).because);
    };
    events.push(routingOf(await classify(gateway, LONG_TEXT)).route);
    expect(events).toEqual([200, 422, "edge-busy", "edge"]);
    expect(engine.runs).toHaveLength(1);
  });

  it("has shorter steps while another request is in progress, and a moment longer: it needs the thread several times", async () => {
    const engine = spillwayEngine();
    await setPolicy({ edge: { maxTokens: 512 } });
    const clock = handClock();
    const gateway = await ready(aGateway({ modelId: model.modelId, originUrl: urlOf("ok?beside"), clock, engine }));
    clock.moveMs(100);
    const pausesOfLong = async () => {
      engine.runs = [];
      expect(routingOf(await classify(gateway, LONG_TEXT)).route).toBe("edge");
      return engine.runs.at(-1)?.pauses ?? 0;
    };
    const byItself = await pausesOfLong();
    const { readable, writable } = new TransformStream();
    const request = new Request("http://gateway/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readable,
    });
    const waiting = ask(gateway, request);
    const beside = await pausesOfLong();
    void new Response("{}").body?.pipeTo(writable);
    expect((await waiting).status).toBe(422);
    expect(byItself).toBeGreaterThan(1);
    expect(beside).toBeGreaterThan(2 * byItself);
    expect(await pausesOfLong()).toBe(beside);
    clock.moveMs(100);
    expect(await pausesOfLong()).toBe(byItself);
  });

  it("of the warm-up gives way to a text that arrives", async () => {
    const engine = spillwayEngine();
    const edge = anEdge(model.modelId, { engine, clock: handClock() });
    edge.warm(aLifetime());
    while (edge.status().state !== "ready") await scheduler.wait(1);
    const result = await run(edge, tokens(edge, LONG));
    await settled();
    expect(result.ok && result.answer.windows[0]?.logits).toEqual(Array.from(model.logitsOf(LONG)));
    expect(engine.runs.filter(({ texts }) => texts[0]?.tokenIds.length === 512)).toMatchObject([{ end: "logits" }]);
  });
});

describe("texts of one request", () => {
  const TEXTS = ["see you at lunch", "free money now", "the meeting is at noon", SHORT];

  it("that are neighbours in the queue run as one, with each text's own logits to the bit, time, price and report", async () => {
    const engine = spillwayEngine();
    const clock = handClock();
    const events: IsolateEvent[] = [];
    const report = (event: IsolateEvent) => void events.push(event);
    const gateway = await ready(
      aGateway({ modelId: model.modelId, originUrl: urlOf("ok?batch"), clock, engine, report }),
    );
    const ask = async (inputs: unknown) => (await classify(gateway, inputs)).json<unknown[]>();
    const singles = [];
    for (const text of TEXTS) singles.push(...(await ask([text])));
    engine.runs = [];
    events.length = 0;
    expect(await ask(TEXTS)).toEqual(singles);
    expect(engine.runs.map(({ texts }) => texts.length)).toEqual([TEXTS.length]);
    const runs = events.filter((event) => event.kind === "edge-run");
    expect(runs).toHaveLength(TEXTS.length);
  });

  it("share the time of their run: run times add up to it, and wait and run to the time at the edge", async () => {
    const { engine, edge, clock } = await aReadyEdge();
    engine.onPause = () => clock.moveMs(10);
    const lifetime = aLifetime();
    const [long, short] = await Promise.all([300, 100].map((count) => run(edge, tokens(edge, idsOf(count)), lifetime)));
    const spentMs = 10 * (engine.runs[0]?.pauses ?? 0);
    expect(spentMs).toBeGreaterThan(0);
    if (!long?.ok || !short?.ok) throw new Error("both texts are answered");
    const [a, b] = [long.answer.timings, short.answer.timings];
    expect(a.runMs + b.runMs).toBeCloseTo(spentMs, 6);
    expect(a.runMs).toBeGreaterThan(b.runMs);
    for (const { queueMs = 0, runMs } of [a, b]) expect(queueMs + runMs).toBeCloseTo(spentMs, 6);
  });

  it("are all paid, and cost the CPU time of their run together", async () => {
    const paid: number[] = [];
    const report = (event: IsolateEvent) => {
      if (event.kind === "attempt-paid") paid.push(event.costUsd);
    };
    const parts = { clock: handClock(), engine: spillwayEngine(), report };
    const gateway = await ready(aGateway({ modelId: model.modelId, originUrl: urlOf("ok?paid"), ...parts }));
    parts.engine.onPause = () => parts.clock.moveMs(10);
    await classify(gateway, [LONG_TEXT.slice(0, 600), LONG_TEXT.slice(0, 900)]);
    const { pauses = 0 } = parts.engine.runs.at(-1) ?? {};
    expect([paid.length, pauses > 1]).toEqual([2, true]);
    expect(paid.reduce((sum, usd) => sum + usd) / USD_PER.workerCpuMs).toBeCloseTo(10 * pauses, 2);
  });

  it("run together up to the tokens that the package allows, and never with another request's", async () => {
    const { engine, edge } = await aReadyEdge();
    const [one, two] = [aLifetime(), aLifetime()];
    const asked = [
      [one, 200],
      [one, 312],
      [one, 1],
      [two, 5],
      [one, 5],
    ] as const;
    await Promise.all(asked.map(([lifetime, count]) => run(edge, tokens(edge, idsOf(count)), lifetime)));
    expect(engine.runs.map(({ texts }) => texts.map(({ tokenIds }) => tokenIds.length))).toEqual([
      [200, 312],
      [1],
      [5],
      [5],
    ]);
  });
});

it("texts never interleave: whatever is asked and hung up at any moment, each answer is that of the text by itself", async () => {
  const { engine, edge } = await aReadyEdge();
  const asked = fc.record({
    tokens: fc.constantFrom(1, 7, 60, 200, 400),
    request: fc.integer({ min: 0, max: 2 }),
    hangsUpAtPause: fc.option(fc.integer({ min: 1, max: 8 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 6 }), async (texts) => {
      const requests = [0, 1, 2].map(() => aLifetime());
      const callers = texts.map(() => new AbortController());
      let pauses = 0;
      engine.onPause = () => {
        pauses += 1;
        for (const [index, { hangsUpAtPause }] of texts.entries())
          if (hangsUpAtPause === pauses) callers[index]?.abort();
      };
      const results = await Promise.all(
        texts.map(({ tokens: count, request }, index) =>
          run(edge, tokens(edge, idsOf(count, index)), {
            ...aLifetime(callers[index]?.signal),
            request: requests[request]?.request ?? Symbol(),
          }),
        ),
      );
      for (const [index, result] of results.entries()) {
        const count = texts[index]?.tokens ?? 0;
        if (result.ok) {
          expect(result.answer.windows[0]?.logits).toEqual(Array.from(model.logitsOf(idsOf(count, index))));
        } else expect(result.failure.kind).toBe("aborted");
      }
      expect(edge.status().queuedTexts).toBe(0);
    }),
    { numRuns: 25 },
  );
  expect(engine.mostAtOnce).toBe(1);
});
