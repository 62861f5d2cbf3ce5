/** Callers who hang up, on the real Worker and its one isolate: nothing that they leave behind blocks the next caller. */
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import { HAM, SHORT } from "../../support/texts.ts";
import { routingOf, setPolicy } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";

/** Fits the edge, and runs for long enough that others wait behind it. */
const LONGISH = "see you at lunch tomorrow ".repeat(35);
/** Shorter than the lease of a turn (5 s): a turn that is not given back is in the queue for longer. */
const SOONER_THAN_LEASE_MS = 3000;

const WITHIN_SHARE = { status: 200, route: "edge", because: "within-share" };

const PLACES = 3;
const WHOLE = JSON.stringify({ inputs: HAM });

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

/** Sends this much, and no more until it hangs up. */
function begin(text: string, isWhole: boolean): AbortController {
  const caller = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const sent = writer.write(new TextEncoder().encode(text));
  if (isWhole) void sent.then(() => writer.close()).catch(() => {});
  sent.catch(() => {});
  exports.default
    .fetch("http://gateway/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readable,
      signal: caller.signal,
    })
    .catch(() => {});
  return caller;
}

/** Of no shape: answered at once where there is a place. */
const ask = () =>
  exports.default.fetch("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "[]",
  });

// First, in an isolate without a model: the first of them starts the load.
describe("callers who hang up", () => {
  beforeAll(async () => {
    await publish();
  });

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
});

describe("senders who hang up", () => {
  beforeAll(async () => {
    await setPolicy({
      version: 1,
      override: "origin",
      origin: { timeoutMs: 60_000 },
      origins: { only: { url: `${inject("faultOrigin")}hang?hang-up`, region: "us-east-1" } },
      limits: { concurrentRequests: PLACES },
    });
    await vi.waitFor(async () => {
      const response = await exports.default.fetch("http://gateway/readyz");
      expect(await response.json()).toMatchObject({ policy: { version: 1 } });
    }, 10_000);
  });

  it.each([
    ["in the middle of their bodies", WHOLE.slice(0, 12), false],
    ["while the origin is asked", WHOLE, true],
  ])("all slots are used by senders who hang up %s: then the next ones are accepted", async (_, text, isWhole) => {
    for (let round = 0; round < 3; round++) {
      const callers = Array.from({ length: PLACES }, () => begin(text, isWhole));
      await vi.waitFor(async () => {
        const refused = await ask();
        expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
        expect(await refused.json()).toMatchObject({ error_type: "rate-limited" });
      }, 5000);
      for (const caller of callers) caller.abort();
      await vi.waitFor(async () => expect((await ask()).status).toBe(422), 5000);
    }
  });
});
