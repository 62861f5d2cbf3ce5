/** KV fails a warm isolate, or holds an invalid policy, inside workerd: no request waits for it, and the last good policy serves. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { Gateway } from "../../gateway/compose.ts";
import { HAM } from "../support/texts.ts";
import { urlOf } from "./support/faulty.ts";
import { aGateway, ask, classify, handClock, recordingWaits, routingOf, setPolicy } from "./support/gateway.ts";

const failures: [string, () => Promise<string | null>, RegExp][] = [
  ["down", () => Promise.reject(new Error("KV GET failed: 503")), /^KV could not be read/],
  ["silent", () => new Promise(() => {}), /^KV did not answer within 50 ms$/],
  ["behind", async () => '{"version": 6, "edge": {"share": 100}}', /^version 6 is older than 7/],
];
it.each(failures)(
  "%s: the last good policy serves, no request waits for it, /readyz reports it, and it passes",
  async (_, fail, problem) => {
    const hand = handClock();
    const { clock, waits } = recordingWaits(hand);
    let get = async (): Promise<string | null> => '{"version": 7, "override": "origin"}';
    const gateway = aGateway({
      // The origin's: no request waits for its manifest, either.
      modelId: `mail-tagger@${"f".repeat(64)}`,
      originUrl: urlOf("ok"),
      clock,
      variables: { POLICIES: { get: () => get() } },
    });
    const way = async () => {
      const response = await classify(gateway, HAM);
      return [response.status, response.headers.get("x-spillway-policy"), routingOf(response).because];
    };
    const readyz = async () =>
      (
        (await (await ask(gateway, new Request("http://gateway/readyz"))).json()) as {
          policy: { version: number; problem: string | null };
        }
      ).policy;
    expect(await way()).toEqual([200, "7", "override"]);
    waits.length = 0;
    get = fail;
    hand.moveMs(5000);
    expect(await way()).toEqual([200, "7", "override"]);
    expect(waits.filter((ms) => ms > 50 && ms < 10_000)).toEqual([]);
    expect(await readyz()).toMatchObject({ version: 7, problem: expect.stringMatching(problem) });
    get = async () => '{"version": 8, "override": "origin"}';
    hand.moveMs(5000);
    expect(await way()).toEqual([200, "8", "override"]);
    expect((await readyz()).problem).toBeNull();
  },
);

describe("a stored policy that gives a key twice, as wrangler kv key put stores it", () => {
  afterEach(() => env.POLICIES.delete("policy"));

  const TWICE = '{"version": 8, "override": "edge",\n "edge": {"share": 100}, "override": "origin"}';
  const PROBLEM = "override: the key is given twice, at line 1, column 16 and at line 2, column 26; remove one";
  const aGatewayOn = (clock = handClock()) =>
    aGateway({ modelId: `mail-tagger@${"f".repeat(64)}`, originUrl: urlOf("ok"), clock });
  const policyOf = async (gateway: Gateway) => {
    const response = await ask(gateway, new Request("http://gateway/readyz"));
    return (await response.json<{ policy: unknown }>()).policy;
  };

  it("is not obeyed: the last good policy stays in force, and /readyz names the key and both places", async () => {
    const clock = handClock();
    const gateway = aGatewayOn(clock);
    await setPolicy('{"version": 7, "override": "origin"}');
    expect(routingOf(await classify(gateway, HAM)).because).toBe("override");
    await setPolicy(TWICE);
    clock.moveMs(5000);
    const response = await classify(gateway, HAM);
    expect([response.headers.get("x-spillway-policy"), routingOf(response).because]).toEqual(["7", "override"]);
    expect(await policyOf(gateway)).toEqual({ version: 7, minVersion: 0, source: "kv", problem: PROBLEM });
  });

  it("is not obeyed by a new isolate either, which uses the defaults", async () => {
    await setPolicy(TWICE);
    const gateway = aGatewayOn();
    const response = await classify(gateway, HAM);
    expect([response.headers.get("x-spillway-policy"), routingOf(response).because]).toEqual(["0", "edge-cold"]);
    expect(await policyOf(gateway)).toEqual({ version: 0, minVersion: 0, source: "defaults", problem: PROBLEM });
  });
});

describe("with MIN_POLICY_VERSION", () => {
  const aGatewayWith = (get: () => Promise<string | null>, MIN_POLICY_VERSION = "18") =>
    aGateway({
      modelId: "mail-tagger@none",
      originUrl: urlOf("ok"),
      clock: { ...handClock(), wait: () => scheduler.wait(5) },
      variables: { POLICIES: { get }, MIN_POLICY_VERSION },
    });
  const readyzOf = async (gateway: Gateway) => {
    const response = await ask(gateway, new Request("http://gateway/readyz"));
    return { status: response.status, body: await response.json() };
  };

  it.each([
    ["no answer from KV", () => new Promise<never>(() => {}), "defaults", 0],
    ["an empty namespace", async () => null, "defaults", 0],
    ["an older policy", async () => '{"version": 17}', "kv", 17],
    ["an edit by hand without a version", async () => '{"edge": {"share": 10}}', "kv", 0],
  ])("a new isolate with %s classifies nothing, and is not ready", async (_, get, source, version) => {
    const gateway = aGatewayWith(get);
    const refused = await classify(gateway, HAM);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await refused.json()).toMatchObject({ error_type: "unavailable" });
    expect(await readyzOf(gateway)).toMatchObject({
      status: 503,
      body: { ready: false, policy: { version, source, minVersion: 18 } },
    });
  });

  it("a new isolate serves as soon as it has read a policy that is new enough", async () => {
    let text: string | null = null;
    const gateway = aGatewayWith(async () => text);
    expect((await classify(gateway, HAM)).status).toBe(503);
    text = '{"version": 18, "override": "origin"}';
    const second = aGatewayWith(async () => text);
    expect((await classify(second, HAM)).status).toBe(200);
    expect(await readyzOf(second)).toMatchObject({ status: 200, body: { ready: true } });
  });

  it.each(["-1", "18.5", "v18", "1e3"])("%j is refused, and nothing is served", async (value) => {
    const gateway = aGatewayWith(async () => '{"version": 18}', value);
    expect(gateway.world.deployment.problems).toEqual([
      `MIN_POLICY_VERSION is "${value}"; it must be a whole number from 0 to 999999999`,
    ]);
    expect((await classify(gateway, HAM)).status).toBe(503);
  });
});
