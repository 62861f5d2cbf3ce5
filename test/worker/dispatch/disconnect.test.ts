/** Callers who hang up, on the real Worker and its one isolate: nothing that they leave behind blocks the next caller. */
import { exports } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { SHORT } from "../../support/texts.ts";
import { routingOf } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";

/** Fits the edge, and runs for long enough that others wait behind it. */
const LONGISH = "see you at lunch tomorrow ".repeat(35);
/** Shorter than the lease of a turn (5 s): a turn that is not given back is in the queue for longer. */
const SOONER_THAN_LEASE_MS = 3000;

beforeAll(async () => {
  await publish();
});

function post(inputs: string, signal?: AbortSignal): Promise<Response> {
  return exports.default.fetch("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs }),
    ...(signal && { signal }),
  });
}

async function hangUpAfter(wait: Promise<unknown>, inputs: string): Promise<void> {
  const caller = new AbortController();
  const answer = post(inputs, caller.signal).catch(() => null);
  await wait;
  caller.abort();
  await answer;
}

/** The texts in the edge's queue, the one that runs included. */
async function queuedTexts(): Promise<number> {
  const response = await exports.default.fetch("http://gateway/readyz");
  const { edge }: { edge: { queuedTexts: number } } = await response.json();
  return edge.queuedTexts;
}

const WITHIN_SHARE = { status: 200, route: "edge", because: "within-share" };

it("a caller who hangs up while the model loads leaves an isolate that answers the next one", async () => {
  // The first of these starts the load and is gone before it ends. No origin listens.
  for (const ms of [20, 60, 120]) await hangUpAfter(scheduler.wait(ms), SHORT);
  expect(routingOf(await post(SHORT))).toMatchObject({ status: 200, route: "edge" });
});

it("callers who hang up in the queue or during their inference give their turn back", async () => {
  const several = expect.poll(queuedTexts, { interval: 1, timeout: SOONER_THAN_LEASE_MS }).toBeGreaterThan(2);
  await Promise.all(Array.from({ length: 6 }, () => hangUpAfter(several, LONGISH)));
  await expect.poll(queuedTexts, { timeout: SOONER_THAN_LEASE_MS }).toBe(0);
  expect(routingOf(await post(SHORT))).toEqual(WITHIN_SHARE);
});

it("callers who hang up at any time give their turn back", async () => {
  await Promise.all([0, 1, 2, 5, 8, 13, 21, 34].map((ms) => hangUpAfter(scheduler.wait(ms), SHORT)));
  await expect.poll(queuedTexts, { timeout: SOONER_THAN_LEASE_MS }).toBe(0);
  expect(routingOf(await post(SHORT))).toEqual(WITHIN_SHARE);
});
