/** API keys inside workerd with real KV: which requests are accepted, what refused callers read, and when a revoked key is refused. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { kvKeyOf } from "../../../formats/api-key.ts";
import type { KeyKv } from "../../../gateway/authenticate/key-store.ts";
import { bearer } from "../../support/credentials.ts";
import { HAM } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { type HandClock, handClock } from "../support/gateway.ts";
import { aKeyedGateway, ask, STARTED_MS, statusOf, withOtherSecret } from "./keyed-gateway.ts";

describe("a request with a key is accepted", () => {
  it.each([
    ["as a bearer token", (key: string) => bearer(key)],
    ["with any case of the scheme", (key: string) => ({ authorization: `bEARER ${key}` })],
    ["in x-api-key", (key: string) => ({ "x-api-key": key })],
    ["in both headers", (key: string) => ({ ...bearer(key), "x-api-key": key })],
  ])("%s", async (_, headers) => {
    expect(await statusOf(aKeyedGateway(), headers((await storeKey()).key))).toBe(200);
  });

  it("until it expires, although it was verified before", async () => {
    const clock = handClock(STARTED_MS);
    const gateway = aKeyedGateway({}, clock);
    const { key } = await storeKey({ expiresAt: "2026-11-01T00:00:10Z" });
    expect(await statusOf(gateway, bearer(key))).toBe(200);
    clock.moveMs(9_999);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
    clock.moveMs(1);
    expect(await statusOf(gateway, bearer(key))).toBe(401);
  });

  it("and its id is reported as used; a refused key and a request without one are not", async () => {
    const used: string[] = [];
    const gateway = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed" }, undefined, (event) => {
      if (event.kind === "key-used") used.push(event.keyId);
    });
    const [key, revoked] = [await storeKey(), await storeKey({ revokedAt: "2026-01-02T00:00:00Z" })];
    expect(await statusOf(gateway)).toBe(200);
    for (const wrong of [revoked.key, withOtherSecret(key.key)])
      expect(await statusOf(gateway, bearer(wrong))).toBe(401);
    expect(used).toEqual([]);
    expect(await statusOf(gateway, bearer(key.key))).toBe(200);
    expect(used).toEqual([key.id]);
  });

  it("with at most the inputs of the key, or of the policy when the key has no limit", async () => {
    const few = await storeKey({ limits: { inputs: 2 } });
    const many = await storeKey({ limits: { inputs: 1000 } });
    expect(await statusOf(aKeyedGateway(), bearer(few.key), [HAM, HAM])).toBe(200);
    const refused = await ask(aKeyedGateway(), bearer(few.key), [HAM, HAM, HAM]);
    expect([refused.status, JSON.parse(refused.text).error]).toEqual([
      413,
      "`inputs` has 3 texts; at most 2 are allowed per request with this API key.",
    ]);
    expect(await statusOf(aKeyedGateway(), bearer(many.key), Array(65).fill(HAM))).toBe(413);
  });
});

describe("a request without a valid key is refused, with a text that does not reveal the reason, and the next request is answered", async () => {
  const good = await storeKey();
  const past = "2026-01-02T00:00:00Z";
  const [revoked, expired, unscoped] = [
    await storeKey({ revokedAt: past }),
    await storeKey({ expiresAt: past }),
    await storeKey({ scopes: ["something-later"] }),
  ];
  const unknown = good.key.replace(good.id, "zzzzzzzzzzzz");
  const INVALID = /^Invalid API key\. .*ask the operator/;
  const MALFORMED = /^Malformed API key\. Keys start with `spw_` and are 60 characters long\. /;
  it.each<[string, Record<string, string>, number, string, RegExp]>([
    ["no key", {}, 401, "unauthorized", /^Send your API key as `Authorization: Bearer <key>`/],
    ["an unknown id", bearer(unknown), 401, "unauthorized", INVALID],
    ["a wrong secret", bearer(withOtherSecret(good.key)), 401, "unauthorized", INVALID],
    ["a revoked key", bearer(revoked.key), 401, "unauthorized", INVALID],
    ["an expired key", bearer(expired.key), 401, "unauthorized", INVALID],
    ["a revoked key, wrong secret", bearer(withOtherSecret(revoked.key)), 401, "unauthorized", INVALID],
    ["another token", bearer("hf_abcdef"), 401, "unauthorized", MALFORMED],
    ["half a key", bearer(good.key.slice(0, 30)), 401, "unauthorized", MALFORMED],
    ["a longer key", bearer(`${good.key}A`), 401, "unauthorized", MALFORMED],
    ["a key in capitals", bearer(good.key.toUpperCase()), 401, "unauthorized", MALFORMED],
    ["an empty bearer token", { authorization: "Bearer " }, 401, "unauthorized", MALFORMED],
    ["an empty x-api-key", { "x-api-key": "" }, 401, "unauthorized", MALFORMED],
    ["another scheme", { authorization: `Basic ${good.key}` }, 401, "unauthorized", MALFORMED],
    ["only the id", { "x-api-key": good.id }, 401, "unauthorized", MALFORMED],
    [
      "two keys",
      { ...bearer(good.key), "x-api-key": unknown },
      401,
      "unauthorized",
      /contain different keys\. Send one/,
    ],
    ["another scope", bearer(unscoped.key), 403, "forbidden", /does not allow classification\. Ask the operator/],
  ])("%s", async (_, headers, status, errorType, text) => {
    const gateway = aKeyedGateway();
    const refused = await ask(gateway, headers);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.text)).toEqual({
      error: expect.stringMatching(text),
      error_type: errorType,
      request_id: "test-request",
    });
    expect(refused.headers.get("www-authenticate")).toBe(status === 401 ? 'Bearer realm="spillway"' : null);
    const answer = [...refused.headers].join() + refused.text;
    for (const { key, id } of [good, revoked, expired, unscoped]) {
      expect(answer).not.toContain(key.slice(-20));
      expect(answer).not.toContain(id);
    }
    expect(await statusOf(gateway, bearer(good.key))).toBe(200);
  });

  it("also where anonymous access is allowed, so that the holder of a wrong key notices", async () => {
    const open = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed" });
    expect(await statusOf(open)).toBe(200);
    expect(await statusOf(open, bearer(good.key))).toBe(200);
    expect(await statusOf(open, bearer(unknown))).toBe(401);
    expect(await statusOf(open, bearer(good.key.slice(0, 30)))).toBe(401);
    expect(await statusOf(open, { "x-api-key": "hf_abcdef" })).toBe(401);
  });

  it("but the token of another service, which its clients always send, counts as none there", async () => {
    const open = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed" });
    for (const token of ["hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", "sk-abc", "eyJhbGciOi.eyJzdWIi.abc"]) {
      expect(await statusOf(open, bearer(token))).toBe(200);
      expect(await statusOf(open, { ...bearer(token), "x-api-key": good.key })).toBe(200);
      expect(await statusOf(open, { ...bearer(token), "x-api-key": unknown })).toBe(401);
    }
  });
});

describe("a revoked key", () => {
  it("is refused at the isolate's next read, 20 s after the last one; with the 30 s of KV's cache, within 60 s", async () => {
    const clock = handClock(STARTED_MS);
    const gateway = aKeyedGateway({}, clock);
    const { key, change } = await storeKey();
    expect(await statusOf(gateway, bearer(key))).toBe(200);
    await change({ revokedAt: "2026-11-01T00:00:00Z" });
    clock.moveMs(19_999);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
    clock.moveMs(1);
    expect(await statusOf(gateway, bearer(key))).toBe(401);
  });

  it("and an unknown id are read again after the same time", async () => {
    const clock = handClock(STARTED_MS);
    const gateway = aKeyedGateway({}, clock);
    const { key, id } = await storeKey();
    const record = (await env.KEYS.get(kvKeyOf(id))) ?? "";
    await env.KEYS.delete(kvKeyOf(id));
    expect(await statusOf(gateway, bearer(key))).toBe(401);
    await env.KEYS.put(kvKeyOf(id), record);
    clock.moveMs(20_000);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
  });
});

describe("while KV is out", () => {
  const down = () => Promise.reject(new Error("KV GET failed: 503"));
  const silent = () => new Promise<never>(() => {});
  const outages: [string, () => Promise<string | null>][] = [
    ["down", down],
    ["silent", silent],
  ];

  /** Waits for KV are short. */
  function withKv(clock: HandClock) {
    const kv: KeyKv = {
      get: (key, options) => env.KEYS.get(key, options),
      list: (options) => env.KEYS.list(options),
    };
    const quick = { ...clock, wait: (ms: number) => clock.wait(ms <= 1500 ? 10 : ms) };
    return {
      kv,
      gateway: aKeyedGateway({ KEYS: { ...kv, get: (...asked: Parameters<KeyKv["get"]>) => kv.get(...asked) } }, quick),
    };
  }

  it.each(outages)(
    "(%s) a key that was read within 60 s is accepted; later every request is refused with Retry-After",
    async (_, fail) => {
      const clock = handClock(STARTED_MS);
      const { kv, gateway } = withKv(clock);
      const { key } = await storeKey();
      expect(await statusOf(gateway, bearer(key))).toBe(200);
      kv.get = fail;
      clock.moveMs(60_000);
      expect(await statusOf(gateway, bearer(key))).toBe(200);
      expect(await statusOf(gateway, bearer(withOtherSecret(key)))).toBe(401);
      clock.moveMs(1001);
      const refused = await ask(gateway, bearer(key));
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
      expect(JSON.parse(refused.text).error_type).toBe("unavailable");
      expect(gateway.world.access.keys.problem).toMatch(
        /^KV (did not answer within 1500 ms|could not be read: Error: KV GET)/,
      );
      kv.get = (asked, options) => env.KEYS.get(asked, options);
      expect(await statusOf(gateway, bearer(key))).toBe(200);
      expect(gateway.world.access.keys.problem).toBeNull();
    },
  );

  it.each(outages)("(%s) an unknown key is refused, and no request hangs", async (_, fail) => {
    const { kv, gateway } = withKv(handClock(STARTED_MS));
    kv.get = fail;
    const { key } = await storeKey();
    expect(await statusOf(gateway, bearer(key))).toBe(503);
    expect(await statusOf(gateway)).toBe(401);
  });

  it("a request does not wait for the read of another request", async () => {
    const clock = handClock(STARTED_MS);
    const { kv, gateway } = withKv(clock);
    const { key } = await storeKey();
    const first = Promise.withResolvers<string | null>();
    const get = vi.fn(() => first.promise);
    kv.get = get;
    const hanging = statusOf(gateway, bearer(key));
    await vi.waitFor(() => expect(get).toHaveBeenCalled(), { interval: 1 });
    clock.moveMs(1);
    kv.get = (asked, options) => env.KEYS.get(asked, options);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
    expect(await hanging).toBe(200);
    // The late answer is older than the newest one: the key stays known.
    first.resolve(null);
    await scheduler.wait(1);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
  });

  it("a key whose stored value is not a record is refused with 503: the operator must fix it", async () => {
    const { key, id } = await storeKey();
    await env.KEYS.put(kvKeyOf(id), '{"name": "half a record"}');
    expect(await statusOf(aKeyedGateway(), bearer(key))).toBe(503);
  });
});
