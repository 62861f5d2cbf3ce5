/** A text's size never counts against an origin's health. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { LONG } from "../../support/texts.ts";
import { program, seenBy, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  classify,
  get,
  handClock,
  originBreaker,
  ready,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

let modelId: string;
const engine = sharedEngine();

beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  await settled();
  await env.POLICIES.delete("policy");
});

const VERY_LONG = "see you at lunch tomorrow ".repeat(4000);

async function gatewayOf(behaviour: string, clock = handClock(), timeoutMs = 100) {
  await setPolicy({ origin: { timeoutMs }, retryBudget: { percent: 100 } });
  return ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock, engine }));
}

async function statusesOf(gateway: Gateway, text: string, calls: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let call = 0; call < calls; call++) statuses.push(routingOf(await classify(gateway, text)).status);
  return statuses;
}

const isAlways = (status: number, calls: number) => Array.from({ length: calls }, () => status);

it("texts that may take longer than the timeout by their size open no breaker of other texts", async () => {
  const gateway = await gatewayOf("hang");
  expect(await statusesOf(gateway, VERY_LONG, 9)).toEqual(isAlways(504, 9));
  expect(originBreaker(gateway).state).toBe("closed");
});

it("texts that any origin answers in time open it", async () => {
  // LONG has 5,000 bytes: 10 windows of 118 ms, if each byte were a token.
  const gateway = await gatewayOf("hang", handClock(), 1300);
  await statusesOf(gateway, LONG, 5);
  expect(originBreaker(gateway).state).toBe("open");
});

it("texts dense in tokens may take longer in fewer characters: their timeouts open no breaker", async () => {
  const gateway = await gatewayOf("hang");
  expect(await statusesOf(gateway, "漢字".repeat(2000), 7)).toEqual(isAlways(504, 7));
  expect(originBreaker(gateway).state).toBe("closed");
});

it.each([
  ["of many windows", "slow-with-64-windows", "closed"],
  ["of one window", "slow-until-released", "open"],
])("slow answers %s leave the breaker as they should: %s", async (_, behaviour, state) => {
  const breaker = { origin: { slowMs: 1000, minCalls: 4 } };
  await setPolicy({ origin: { timeoutMs: 20_000 }, retryBudget: { percent: 100 }, breaker });
  const clock = handClock();
  const gateway = await ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock, engine }));
  const answers = Array.from({ length: 4 }, () => classify(gateway, VERY_LONG));
  const { calls } = await seenBy(behaviour);
  await expect.poll(async () => (await seenBy(behaviour)).calls).toBe(calls + 4);
  clock.moveMs(2000);
  await fetch(urlOf(behaviour), { method: "DELETE" });
  for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  expect(originBreaker(gateway).state).toBe(state);
});

it("an origin that answers no long text is asked for none for a while, and still answers others", async () => {
  const clock = handClock();
  const gateway = await gatewayOf("changes?long-texts", clock);
  await program("changes?long-texts", "hang");
  expect(await statusesOf(gateway, VERY_LONG, 10)).toEqual(isAlways(504, 10));
  await program("changes?long-texts", "ok");
  const refused = await classify(gateway, VERY_LONG);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(20);
  expect(await statusesOf(gateway, LONG, 2)).toEqual([200, 200]);
  const readyz: { origins: { default: object } } = await (await get(gateway, "/readyz")).json();
  expect(readyz.origins.default).toMatchObject({
    breaker: { state: "closed" },
    longTexts: { state: "open", reason: "10 failures in a row" },
  });
  clock.moveMs(40_000);
  expect(await statusesOf(gateway, VERY_LONG, 2)).toEqual([200, 200]);
});

it("a long text goes to an origin that answers long texts while another one has paused them; short ones still go to both", async () => {
  const clock = handClock();
  const origins = {
    one: { url: urlOf("changes?one"), region: "us-east-1", weight: 100 },
    spare: { url: urlOf("ok?spare"), region: "us-east-1", weight: 0 },
  };
  await setPolicy({ origin: { timeoutMs: 100 }, retryBudget: { percent: 100 }, origins });
  const gateway = await ready(aGateway({ modelId, originUrl: urlOf("ok"), clock, engine }));
  await program("changes?one", "hang");
  expect(await statusesOf(gateway, VERY_LONG, 10)).toEqual(isAlways(504, 10));
  await program("changes?one", "ok");
  expect(await statusesOf(gateway, VERY_LONG, 2)).toEqual([200, 200]);
  expect((await seenBy("ok?spare")).calls).toBe(2);
  expect(await statusesOf(gateway, LONG, 2)).toEqual([200, 200]);
  expect((await seenBy("ok?spare")).calls).toBe(2);
});

it("a long text that one origin turns away with 429 goes to another one: permitted, healthy, once, within the retry budget", async () => {
  const clock = handClock();
  const [one, other, broken] = ["http-429-retry-after?one-of-two", "ok?other-of-two", "http-500?other-of-two"];
  const gateway = await ready(aGateway({ modelId, originUrl: urlOf("ok"), clock, engine }));
  const ask = async (policy: object, spare = other) => {
    const origins = {
      one: { url: urlOf(one), region: "us-east-1", weight: 100 },
      spare: { url: urlOf(spare), region: "us-east-1", weight: 0 },
    };
    await setPolicy({ retryBudget: { percent: 100 }, origins, ...policy });
    clock.moveMs(60_000);
    const { status, because } = routingOf(await classify(gateway, LONG));
    const calls = await Promise.all([one, other, broken].map(async (path) => (await seenBy(path)).calls));
    return [status, because, ...calls];
  };
  expect(await ask({})).toEqual([200, "origin-failed", 1, 1, 0]);
  expect(await ask({ residency: { unknown: ["edge", "origin:one"] } })).toEqual([503, null, 2, 1, 0]);
  expect(await ask({ retryBudget: { percent: 0, minPerSecond: 0 } })).toEqual([503, null, 3, 1, 0]);
  expect(await ask({}, broken)).toEqual([503, null, 4, 1, 1]);
});
