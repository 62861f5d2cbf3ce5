/** Many callers share an address, in an office or a cloud: what the wrong keys of one do to the others. workerd's limiter counts. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { KeyKv } from "../../../gateway/authenticate/key-store.ts";
import { bearer } from "../../support/credentials.ts";
import { freshKey, storeKey } from "../support/api-keys.ts";
import { handClock } from "../support/gateway.ts";
import { aKeyedGateway, ask, STARTED_MS, statusOf, untilRefused, withOtherSecret } from "./keyed-gateway.ts";

/** A gateway of which one address can be blocked, with its KV watched. */
function blockable(address: string, variables: object = {}) {
  const clock = handClock(STARTED_MS);
  const kv = {
    get: vi.fn<KeyKv["get"]>((key, options) => env.KEYS.get(key, options)),
    list: vi.fn<KeyKv["list"]>((options) => env.KEYS.list(options)),
  };
  const gateway = aKeyedGateway({ KEYS: kv, ...variables }, clock);
  const from = { "cf-connecting-ip": address };
  const block = () => untilRefused(10, () => ask(gateway, { ...from, ...bearer(freshKey()) }));
  return { from, gateway, kv, clock, block };
}

describe("an address with too many wrong keys", () => {
  it("is refused before KV is read; a known key is accepted", async () => {
    const { from, gateway, kv, clock, block } = blockable("203.0.113.9");
    const [known, late] = [await storeKey(), await storeKey()];
    expect(await statusOf(gateway, { ...from, ...bearer(known.key) })).toBe(200);
    const refused = await block();
    expect(refused.accepted).toBeGreaterThanOrEqual(10);
    expect(JSON.parse(refused.text)).toMatchObject({
      error_type: "rate-limited",
      error: /failed authentication attempts from this address/,
    });
    // Without a list, one key that is unknown to the isolate is looked up every 15 s: the first request has it.
    kv.list.mockRejectedValue(new Error("KV LIST failed: 429"));
    kv.get.mockClear();
    const blocked = await ask(gateway, { ...from, ...bearer(late.key) });
    expect([blocked.status, blocked.headers.get("retry-after")]).toEqual([429, "15"]);
    expect(kv.get).not.toHaveBeenCalled();
    expect(await statusOf(gateway, { ...from, ...bearer(known.key) })).toBe(200);
    expect(await statusOf(gateway, bearer(late.key))).toBe(200);
    clock.moveMs(15_000);
    const wrong = freshKey();
    expect(await statusOf(gateway, { ...from, ...bearer(wrong) })).toBe(429);
    expect(kv.get).toHaveBeenCalledTimes(2);
    clock.moveMs(15_000);
    // An id that was refused lately has no turn again: another one has it.
    expect(await statusOf(gateway, { ...from, ...bearer(wrong) })).toBe(429);
    expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(200);
    expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(429);
    clock.moveMs(15_000);
    expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(200);
  });

  it("lets a stored key in at once, while 100 wrong keys a second are sent from there, for a few reads a minute", async () => {
    const { from, gateway, kv, clock, block } = blockable("203.0.113.11");
    const stored = await Promise.all(Array.from({ length: 12 }, () => storeKey()));
    await block();
    kv.get.mockClear();
    for (const { key } of stored) {
      const flood = await Promise.all(
        Array.from({ length: 100 }, () => statusOf(gateway, { ...from, ...bearer(freshKey()) })),
      );
      expect(new Set(flood)).toEqual(new Set([429]));
      expect(await statusOf(gateway, { ...from, ...bearer(key) })).toBe(200);
      expect(await statusOf(gateway, { ...from, ...bearer(withOtherSecret(key)) })).toBe(429);
      clock.moveMs(1000);
    }
    expect(kv.get.mock.calls.length).toBeLessThanOrEqual(stored.length + 1);
    expect(kv.list).toHaveBeenCalledTimes(1);
    // A key that was made since is listed half a minute later.
    const { key: late } = await storeKey();
    expect(await statusOf(gateway, { ...from, ...bearer(freshKey()) })).toBe(429);
    clock.moveMs(20_000);
    expect(await statusOf(gateway, { ...from, ...bearer(freshKey()) })).toBe(429);
    expect(await statusOf(gateway, { ...from, ...bearer(late) })).toBe(200);
  });

  it("refuses no one else where anonymous callers are allowed: no key, the token of another service, a known and a new key", async () => {
    const { from, gateway, block } = blockable("203.0.113.12", { ANONYMOUS_ACCESS: "allowed" });
    const [known, late] = [await storeKey(), await storeKey()];
    expect(await statusOf(gateway, { ...from, ...bearer(known.key) })).toBe(200);
    await block();
    expect(await statusOf(gateway, { ...from, ...bearer(freshKey()) })).toBe(429);
    for (const others of [{}, bearer("hf_abcdef"), bearer(known.key), { "x-api-key": known.key }, bearer(late.key)]) {
      expect(await statusOf(gateway, { ...from, ...others })).toBe(200);
    }
    expect(await statusOf(gateway, { ...from, ...bearer(freshKey()) })).toBe(429);
  });
});

describe("tokens that are no key", () => {
  it("do not block the others behind the same address", async () => {
    const from = { "cf-connecting-ip": "203.0.113.77" };
    for (const gateway of [aKeyedGateway(), aKeyedGateway({ ANONYMOUS_ACCESS: "allowed" })]) {
      for (let call = 0; call < 15; call++) await ask(gateway, { ...from, ...bearer("hf_abcdef") });
      expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(200);
    }
  });
});
