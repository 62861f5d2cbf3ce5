/** Fallback both ways and the origin's breaker, inside workerd, against an origin that really misbehaves. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { FAULTS, NO_LISTENER, program, seenBy, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  classify,
  get,
  type HandClock,
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
  engine.broken = false;
  await settled();
  await env.POLICIES.delete("policy");
});

async function warmGateway(behaviour: string, clock: HandClock = handClock()): Promise<Gateway> {
  return ready(aGateway({ modelId, originUrl: urlOf(behaviour), clock, engine }));
}

describe("the edge fails", () => {
  it("the origin answers, once, and the headers say why", async () => {
    const gateway = await warmGateway("ok");
    engine.broken = true;
    const response = await classify(gateway, SHORT);
    expect(routingOf(response)).toEqual({ status: 200, route: "origin", because: "edge-failed" });
    expect(response.headers.get("x-spillway-model")).toBe("mail-tagger@ffffffffffff");
  });

  it("after three failures the edge breaker opens: texts go to the origin at once until a probe succeeds", async () => {
    const clock = handClock();
    const gateway = await warmGateway("ok", clock);
    engine.broken = true;
    for (let call = 0; call < 3; call++) expect(routingOf(await classify(gateway, SHORT)).because).toBe("edge-failed");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("edge-unavailable");
    engine.broken = false;
    clock.moveMs(40_000);
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
    expect(gateway.world.sides.edge.status().breaker.state).toBe("closed");
  });
});

describe("the origin fails", () => {
  it.each([...FAULTS, NO_LISTENER])("%s: the edge answers where the text fits", async (behaviour) => {
    await setPolicy({ edge: { share: 0 } });
    const response = await classify(await warmGateway(behaviour), SHORT);
    expect(routingOf(response)).toEqual({ status: 200, route: "edge", because: "origin-failed" });
  });

  it("a redirect is not followed: no text goes to an address that no policy names", async () => {
    await setPolicy({ edge: { share: 0 } });
    await classify(await warmGateway("redirect-307"), SHORT);
    expect((await seenBy("ok?elsewhere")).calls).toBe(0);
  });

  it("an answer that never ends is read no further than an answer can go", async () => {
    await setPolicy({ edge: { share: 0 } });
    const response = await classify(await warmGateway("endless?once"), SHORT);
    expect(routingOf(response).because).toBe("origin-failed");
    await expect.poll(async () => (await seenBy("endless?once")).aborted).toBe(1);
  });

  it.each([
    ["a name that is no model's", { model: "evil@aaaa" }],
    ["a name that no header can hold", { model: `mail\r\nset-cookie: a=${"b".repeat(64)}` }],
    ["a name of 300 kB", { model: `${"a".repeat(300_000)}@${"f".repeat(64)}` }],
    ["more labels than a model has", { labels: Array.from({ length: 2000 }, (_, index) => `label ${index}`) }],
    ["a label as long as a page", { labels: ["ham", "s".repeat(10_000)] }],
    ["logits of which no score can be made", { windows: [{ tokens: 10, logits: [1e308, -1e308] }] }],
    [
      "windows without a token, whose mean is no number",
      { windows: Array.from({ length: 2 }, () => ({ tokens: 0, logits: [1, 0] })) },
    ],
    ["more windows than a text has", { windows: Array.from({ length: 3000 }, () => ({ tokens: 1, logits: [1, 0] })) }],
    ["a cost that nothing has", { usage: { durationMs: 1e300, initMs: 0, memoryMiB: 1024 } }],
  ])("an answer with %s is none", async (_, bend) => {
    await setPolicy({ edge: { share: 0 } });
    const good = {
      model: `mail-tagger@${"f".repeat(64)}`,
      labels: ["ham", "spam"],
      problemType: "single_label_classification",
      windows: [{ tokens: 10, logits: [3, -3] }],
    };
    const gateway = await warmGateway("programmed?bent");
    await program("programmed?bent", JSON.stringify(good));
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
    await program("programmed?bent", JSON.stringify({ ...good, ...bend }));
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
  });

  it.each([
    ["other labels", { labels: ["no", "yes"] }],
    ["the labels in another order", { labels: ["spam", "ham"] }],
    ["another problem type", { problemType: "multi_label_classification" }],
  ])("an answer in the name of the edge's own package, but with %s, is none", async (_, bend) => {
    await setPolicy({ edge: { share: 0 } });
    const windows = [{ tokens: 10, logits: [3, -3] }];
    const own = { model: modelId, labels: ["ham", "spam"], problemType: "single_label_classification", windows };
    const gateway = await warmGateway("programmed?own-package");
    await program("programmed?own-package", JSON.stringify(own));
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
    await program("programmed?own-package", JSON.stringify({ ...own, ...bend }));
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
  });

  it("an origin that hangs is given up at the policy's timeout", async () => {
    await setPolicy({ edge: { share: 0 }, origin: { timeoutMs: 100 } });
    const response = await classify(await warmGateway("hang"), SHORT);
    expect(routingOf(response)).toEqual({ status: 200, route: "edge", because: "origin-failed" });
  });

  it("a text that the edge cannot hold gets 504 after a timeout", async () => {
    await setPolicy({ origin: { timeoutMs: 100 } });
    expect((await classify(await warmGateway("hang"), LONG)).status).toBe(504);
  });

  it("a text that the edge cannot hold gets 503 with Retry-After after other faults", async () => {
    const response = await classify(await warmGateway("http-500"), LONG);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await response.json()).toEqual({
      error: "No model can answer right now. Try again after the time in Retry-After.",
      error_type: "unavailable",
      request_id: "test-request",
    });
  });

  it("an origin that is throttled: short texts are answered by the edge, long ones get 503 and its Retry-After, and no breaker opens", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget: { percent: 100 } });
    const path = "programmed?throttled-beside-the-edge";
    await program(path, "http-429-retry-after");
    const gateway = await warmGateway(path);
    for (let call = 0; call < 6; call++) {
      expect(routingOf(await classify(gateway, SHORT))).toEqual({
        status: 200,
        route: "edge",
        because: "origin-failed",
      });
      const long = await classify(gateway, LONG);
      expect([long.status, long.headers.get("retry-after")]).toEqual([503, "7"]);
      expect(await long.json()).toMatchObject({ error_type: "unavailable" });
    }
    expect((await seenBy(path)).calls).toBe(12);
    expect(originBreaker(gateway).state).toBe("closed");
    expect(gateway.world.sides.edge.status().breaker.state).toBe("closed");
    await program(path, "ok");
    for (const text of [SHORT, LONG])
      expect(routingOf(await classify(gateway, text))).toMatchObject({ status: 200, route: "origin" });
  });

  it("both sides fail: 503 with Retry-After", async () => {
    const gateway = await warmGateway("http-500");
    engine.broken = true;
    const response = await classify(gateway, SHORT);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("a text with too many tokens for the origin is 413, and not counted as a failure", async () => {
    const gateway = await warmGateway("http-413");
    for (let call = 0; call < 6; call++) expect((await classify(gateway, LONG)).status).toBe(413);
    expect(originBreaker(gateway).state).toBe("closed");
  });

  it("a refusal whose body never ends is one all the same, once the origin's time is over", async () => {
    await setPolicy({ origin: { timeoutMs: 200 } });
    expect((await classify(await warmGateway("refuses-and-hangs"), LONG)).status).toBe(413);
  });

  it("a misconfigured signature (403) does not open the breaker, and short texts are still answered", async () => {
    await setPolicy({ override: "origin", retryBudget: { percent: 100 } });
    const gateway = await warmGateway("http-403");
    for (let call = 0; call < 6; call++)
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    expect(originBreaker(gateway).state).toBe("closed");
  });
});

describe("a cold isolate", () => {
  it("spills and warms in the background; the next text stays at the edge", async () => {
    const gateway = aGateway({ modelId, originUrl: urlOf("ok"), clock: handClock(), engine });
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "origin", because: "edge-cold" });
    await settled();
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "within-share" });
  });

  it("begins to load only when the caller who found it cold has the answer", async () => {
    const gateway = aGateway({ modelId, originUrl: urlOf("ok"), clock: handClock(), engine });
    const response = await classify(gateway, SHORT);
    expect(routingOf(response)).toEqual({ status: 200, route: "origin", because: "edge-cold" });
    expect(gateway.world.sides.edge.status().state).toBe("cold");
    await settled();
    expect(gateway.world.sides.edge.status().state).toBe("ready");
  });

  it("waits for its model when the origin cannot answer", async () => {
    const gateway = aGateway({ modelId, originUrl: NO_LISTENER, clock: handClock(), engine });
    expect(routingOf(await classify(gateway, SHORT))).toEqual({ status: 200, route: "edge", because: "origin-failed" });
  });

  it("refuses with 503 when there is no model and no origin", async () => {
    const nowhere = `mail-tagger@${"0".repeat(64)}`;
    const gateway = aGateway({ modelId: nowhere, originUrl: NO_LISTENER, clock: handClock(), engine });
    for (let call = 0; call < 5; call++) expect((await classify(gateway, SHORT)).status).toBe(503);
    const readyz = await get(gateway, "/readyz");
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({
      ready: false,
      edge: { state: "rejected", reason: "model.sig is missing" },
      origins: {
        default: { breaker: { state: "open", reason: "5 failures in a row", retryInMs: expect.any(Number) } },
      },
    });
  });
});
