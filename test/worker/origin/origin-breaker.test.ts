/** The origin's breaker inside workerd, with its own clock, against an origin that misbehaves. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
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

describe("the origin's breaker", () => {
  /** The clock does not move by itself: all attempts are in one second, which the default budget would not allow. */
  const retryBudget = { percent: 100 };

  it("opens, stops calls to the origin, sends short texts to the edge, and opens for longer when a trial fails", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const clock = handClock();
    const gateway = await warmGateway("http-500", clock);
    for (let call = 0; call < 5; call++)
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-unavailable");
    const refused = await classify(gateway, LONG);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(20);
    clock.moveMs(40_000);
    // The trial has the same fault and opens the breaker again, for longer.
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-unavailable");
  });

  it("opens on answers that take 10 s, as on failures, and reports it", async () => {
    await setPolicy({ edge: { share: 0 }, origin: { timeoutMs: 20_000 } });
    const clock = handClock();
    const gateway = await warmGateway("slow-until-released", clock);
    const url = `${inject("faultOrigin")}slow-until-released`;
    const calls = async () => ((await (await fetch(url)).json()) as { calls: number }).calls;
    const answers = Array.from({ length: 10 }, () => classify(gateway, SHORT));
    await expect.poll(calls).toBeGreaterThan(0);
    clock.moveMs(10_000);
    // workerd sends six requests at once: the others follow as those are answered, and each needs a release.
    const all = Promise.all(answers);
    const isAnswered = all.then(() => true);
    while (!(await Promise.race([isAnswered, scheduler.wait(10).then(() => false)]))) {
      await fetch(url, { method: "DELETE" });
    }
    for (const answer of await all) {
      expect(routingOf(answer)).toEqual({ status: 200, route: "origin", because: "outside-share" });
    }
    expect(originBreaker(gateway)).toMatchObject({
      state: "open",
      reason: "10 of 10 calls failed or were slow within 10 s",
    });
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ route: "edge", because: "origin-unavailable" });
  });

  it("is closed by a trial once the origin is healthy, and every text goes to the origin again", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const clock = handClock();
    const gateway = await warmGateway("changes?recovers", clock);
    await program("changes?recovers", "http-500");
    for (let call = 0; call < 5; call++) await classify(gateway, SHORT);
    expect(originBreaker(gateway).state).toBe("open");
    await program("changes?recovers", "ok");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-unavailable");
    clock.moveMs(40_000);
    expect(routingOf(await classify(gateway, SHORT))).toEqual({
      status: 200,
      route: "origin",
      because: "outside-share",
    });
    expect(originBreaker(gateway)).toEqual({ state: "closed", reason: null, retryAtMs: null });
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("outside-share");
  });

  it.each([...FAULTS, NO_LISTENER, "hang"])("%s: five consecutive failures open it", async (behaviour) => {
    await setPolicy({ edge: { share: 0 }, retryBudget, origin: { timeoutMs: 100 } });
    const gateway = await warmGateway(behaviour);
    for (let call = 0; call < 5; call++) {
      expect(originBreaker(gateway).state).toBe("closed");
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    }
    expect(originBreaker(gateway)).toMatchObject({ state: "open", reason: "5 failures in a row" });
  });

  it("lets a text that only the origin can answer try once a second, so that a healthy origin serves at once", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const clock = handClock();
    const gateway = await warmGateway("changes?sole", clock);
    await program("changes?sole", "http-500");
    for (let call = 0; call < 5; call++) await classify(gateway, SHORT);
    const calls = async () => (await seenBy("changes?sole")).calls;
    const before = await calls();
    for (let tenth = 0; tenth < 20; tenth++) {
      clock.moveMs(100);
      expect((await classify(gateway, LONG)).status).toBe(503);
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-unavailable");
    }
    expect((await calls()) - before).toBe(2);
    await program("changes?sole", "ok");
    clock.moveMs(1000);
    expect(routingOf(await classify(gateway, LONG))).toEqual({ status: 200, route: "origin", because: "too-long" });
    expect(originBreaker(gateway).state).toBe("closed");
  });

  it("reports in /readyz why the last call failed, until the origin answers", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const gateway = await warmGateway("changes?last-failure");
    const lastFailure = async () => {
      const readyz = await get(gateway, "/readyz");
      const { origins }: { origins: Record<string, { lastFailure: string | null }> } = await readyz.json();
      return origins["default"]?.lastFailure;
    };
    expect(await lastFailure()).toBeNull();
    for (const [behaviour, reason] of [
      ["no-model", "model-unavailable"],
      ["http-503", "http-503"],
      ["http-403", "http-403"],
      ["broken-json", "bad-answer"],
      ["ok", null],
    ] as const) {
      await program("changes?last-failure", behaviour);
      await classify(gateway, SHORT);
      expect(await lastFailure()).toBe(reason);
    }
  });

  it("reports a short Retry-After while a trial is running, not the trial's lease", async () => {
    await setPolicy({ origin: { timeoutMs: 1000 } });
    const clock = handClock();
    const gateway = await warmGateway("changes?trial-hangs", clock);
    await program("changes?trial-hangs", "http-500");
    for (let call = 0; call < 5; call++) expect((await classify(gateway, LONG)).status).toBe(503);
    await program("changes?trial-hangs", "hang");
    clock.moveMs(40_000);
    const trial = classify(gateway, LONG);
    await expect.poll(() => originBreaker(gateway).retryAtMs).not.toBeNull();
    const refused = await classify(gateway, LONG);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await trial).status).toBe(504);
  });

  it("a caller that hangs up during a call does not count as a failure of the origin", async () => {
    await setPolicy({ edge: { share: 0 } });
    const gateway = await warmGateway("hang?hung-up");
    for (let call = 0; call < 6; call++) {
      const hungUp = new AbortController();
      const answer = classify(gateway, SHORT, { signal: hungUp.signal });
      await expect.poll(async () => (await seenBy("hang?hung-up")).calls).toBe(call + 1);
      hungUp.abort();
      expect((await answer).status).toBe(504);
    }
    expect(originBreaker(gateway).state).toBe("closed");
  });
});
