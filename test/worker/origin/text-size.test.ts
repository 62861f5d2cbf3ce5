/** A text's size never counts against an origin's health. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it } from "vitest";
import { LONG } from "../../support/texts.ts";
import { urlOf } from "../support/faulty.ts";
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

let modelId: string;
const engine = sharedEngine();
const CALLS = 12;

beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  await settled();
  await env.POLICIES.delete("policy");
});

async function afterTimeoutsOf(text: string) {
  await setPolicy({ origin: { timeoutMs: 100 }, retryBudget: { percent: 100 } });
  const gateway = await ready(aGateway({ modelId, originUrl: urlOf("hang"), clock: handClock(), engine }));
  const statuses: number[] = [];
  for (let call = 0; call < CALLS; call++) statuses.push(routingOf(await classify(gateway, text)).status);
  return { statuses, breaker: originBreaker(gateway).state };
}

it("texts that may take longer than the timeout by their size are answered with 504, and open no breaker", async () => {
  const { statuses, breaker } = await afterTimeoutsOf("see you at lunch tomorrow ".repeat(4000));
  expect(statuses).toEqual(statuses.map(() => 504));
  expect(breaker).toBe("closed");
});

it("texts that any origin answers in time open it", async () => {
  const { breaker } = await afterTimeoutsOf(LONG);
  expect(breaker).toBe("open");
});
