/** The origin's breaker inside workerd, with its own clock, against an origin that misbehaves. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { FAULTS, NOBODY_LISTENS, seenBy, tell, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  ask,
  classify,
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
  /** A hand clock stands still: without this all tries would be of one second. */
  const retryBudget = { percent: 100 };

  it("opens, keeps the origin out, sends what fits to the edge, and opens again for longer when a probe fails", async () => {
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
    // The probe meets the same fault and opens it again, for longer.
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-unavailable");
  });

  it("opens on answers that take 10 s as it does on failures, and says so", async () => {
    await setPolicy({ edge: { share: 0 }, origin: { timeoutMs: 20_000 } });
    const clock = handClock();
    const gateway = await warmGateway("slow-until-told", clock);
    const url = `${inject("faultOrigin")}slow-until-told`;
    const calls = async () => ((await (await fetch(url)).json()) as { calls: number }).calls;
    const answers = Array.from({ length: 10 }, () => classify(gateway, SHORT));
    // workerd lets six requests out at once: the others leave as those come back.
    for (let sent = 0; sent < 10; sent = await calls()) {
      await expect.poll(calls).toBeGreaterThan(sent);
      clock.moveMs(sent === 0 ? 10_000 : 0);
      await fetch(url, { method: "DELETE" });
    }
    for (const answer of answers) {
      expect(routingOf(await answer)).toEqual({ status: 200, route: "origin", because: "outside-share" });
    }
    expect(originBreaker(gateway)).toMatchObject({
      state: "open",
      reason: "10 of 10 calls failed or were slow within 10 s",
    });
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ route: "edge", because: "origin-unavailable" });
  });

  it("lets a probe close it again once the origin is well, and every caller goes there again", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const clock = handClock();
    const gateway = await warmGateway("told?recovers", clock);
    await tell("told?recovers", "http-500");
    for (let call = 0; call < 5; call++) await classify(gateway, SHORT);
    expect(originBreaker(gateway).state).toBe("open");
    await tell("told?recovers", "ok");
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

  it.each([...FAULTS, NOBODY_LISTENS, "hang"])("%s: five in a row open it", async (behaviour) => {
    await setPolicy({ edge: { share: 0 }, retryBudget, origin: { timeoutMs: 100 } });
    const gateway = await warmGateway(behaviour);
    for (let call = 0; call < 5; call++) {
      expect(originBreaker(gateway).state).toBe("closed");
      expect(routingOf(await classify(gateway, SHORT)).because).toBe("origin-failed");
    }
    expect(originBreaker(gateway)).toMatchObject({ state: "open", reason: "5 failures in a row" });
  });

  it("names in /readyz why the origin did not answer last, a refused model by name, until it answers", async () => {
    await setPolicy({ edge: { share: 0 }, retryBudget });
    const gateway = await warmGateway("told?last-failure");
    const lastFailure = async () => {
      const readyz = await ask(gateway, new Request("http://gateway/readyz"));
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
      await tell("told?last-failure", behaviour);
      await classify(gateway, SHORT);
      expect(await lastFailure()).toBe(reason);
    }
  });

  it("asks callers to come back soon, not after the probe's lease, while a probe is under way", async () => {
    await setPolicy({ origin: { timeoutMs: 1000 } });
    const clock = handClock();
    const gateway = await warmGateway("hang", clock);
    for (let call = 0; call < 5; call++) expect((await classify(gateway, LONG)).status).toBe(504);
    clock.moveMs(40_000);
    const probe = classify(gateway, LONG);
    await expect.poll(() => originBreaker(gateway).retryAtMs).not.toBeNull();
    const refused = await classify(gateway, LONG);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await probe).status).toBe(504);
  });

  it("a caller that hangs up while the origin works is not the origin's failure", async () => {
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
