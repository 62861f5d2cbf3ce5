/** `request.cf` inside workerd: residency by the caller's country, and the minimum TLS version. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Gateway } from "../../../gateway/compose.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import {
  aGateway,
  type Connection,
  classify,
  handClock,
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
  await settled();
  await env.POLICIES.delete("policy");
});

async function gatewayWith(policy: object, behaviour = "ok"): Promise<Gateway> {
  await setPolicy(policy);
  return ready(aGateway({ modelId, originUrl: `${inject("faultOrigin")}${behaviour}`, clock: handClock(), engine }));
}

const ask = (gateway: Gateway, cf: Connection, text = SHORT) => classify(gateway, text, { cf });

describe("residency", () => {
  const residency = {
    rules: [
      { countries: ["EU"], allow: ["edge"] },
      { countries: ["US"], allow: ["origin"] },
      { countries: ["KP"], allow: [] },
    ],
    unknown: "refuse",
  };

  it.each<[string, Connection, number, string | null, string | null]>([
    ["a country of the EU: only the edge", { country: "DE", isEUCountry: "1" }, 200, "edge", "residency"],
    ["the United States: only the origin", { country: "US" }, 200, "origin", "residency"],
    ["a country without a rule: no restriction", { country: "JP" }, 200, "edge", "within-share"],
    ["a country where nothing is allowed", { country: "KP" }, 451, null, null],
    ["Tor, which has no country", { country: "T1" }, 451, null, null],
    ["no country", {}, 451, null, null],
  ])("%s", async (_, cf, status, route, because) => {
    expect(routingOf(await ask(await gatewayWith({ residency }), cf))).toEqual({ status, route, because });
  });

  it.each([
    ["a warm isolate", true],
    ["a cold isolate, which counts the tokens after it has loaded", false],
  ])(
    "in %s, a text that is too long for the only permitted side, the edge, is a 413 and never leaves",
    async (_, isWarm) => {
      const warm = await gatewayWith({ residency }, "ok?residency");
      const gateway = isWarm
        ? warm
        : aGateway({ modelId, originUrl: `${inject("faultOrigin")}ok?residency`, clock: handClock(), engine });
      const response = await ask(gateway, { country: "DE", isEUCountry: "1" }, LONG);
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({
        error: "A text has more tokens than can be classified for callers at your location. Send a shorter one.",
        error_type: "too-large",
        request_id: "test-request",
      });
      expect(await (await fetch(`${inject("faultOrigin")}ok?residency`)).json()).toMatchObject({
        calls: 0,
        aborted: 0,
      });
    },
  );

  it("applies to the fallback too: a failing edge does not send the text to the origin", async () => {
    const gateway = await gatewayWith({ residency }, "ok?fallback");
    engine.broken = true;
    const response = await ask(gateway, { country: "DE", isEUCountry: "1" });
    engine.broken = false;
    expect(response.status).toBe(503);
    expect(await (await fetch(`${inject("faultOrigin")}ok?fallback`)).json()).toMatchObject({ calls: 0, aborted: 0 });
  });
});

describe("TLS", () => {
  it.each<[string, string, number]>([
    ["TLSv1.3", "1.3", 200],
    ["TLSv1.2", "1.3", 403],
    ["TLSv1.2", "1.2", 200],
    ["TLSv1", "1.0", 200],
    ["TLSv1", "1.1", 403],
    ["", "1.0", 403],
    ["NONE", "1.2", 403],
  ])("%s, with a minimum of %s in the policy: %s", async (tlsVersion, minTls, status) => {
    const response = await ask(await gatewayWith({ minTls }), { country: "DE", tlsVersion });
    expect(response.status).toBe(status);
    if (status === 403) expect(await response.json()).toMatchObject({ error_type: "forbidden" });
  });
});

describe("the policy's limits", () => {
  it("apply to the texts and bytes of a request and to the tokens at the origin", async () => {
    const gateway = await gatewayWith({ limits: { inputs: 2, bodyBytes: 2000, originTokens: 100 } });
    // The first request of an isolate reads the policy; its own limits are those known before.
    await ask(gateway, {});
    expect((await classify(gateway, [SHORT, SHORT])).status).toBe(200);
    expect((await classify(gateway, [SHORT, SHORT, SHORT])).status).toBe(413);
    expect((await classify(gateway, LONG)).status).toBe(413);
  });
});
