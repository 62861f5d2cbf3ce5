/** API keys, inside workerd against real KV: who comes in, who does not and what they are told, and how soon a key stops. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { kvKeyOf } from "../../../formats/api-key.ts";
import type { KeyKv } from "../../../gateway/authenticate/key-store.ts";
import type { Gateway } from "../../../gateway/compose.ts";
import { bearer, storeKey } from "../support/api-keys.ts";
import { urlOf } from "../support/faulty.ts";
import { aGateway, ask as askGateway, classify, type HandClock, handClock } from "../support/gateway.ts";

const TEXT = "see you at lunch";
const STARTED_MS = Date.parse("2026-11-01T00:00:00Z");

/** Keys are required unless said otherwise. No model at the edge: the origin answers, or nobody is let in. */
function aKeyedGateway(variables: object = {}, clock: HandClock = handClock(STARTED_MS)): Gateway {
  return aGateway({
    modelId: "mail-tagger@none",
    originUrl: urlOf("ok"),
    clock,
    variables: { ANONYMOUS_ACCESS: "refused", ...variables },
  });
}

let addresses = 0;
/** Each from an address of its own, unless given: failures are counted. */
async function ask(gateway: Gateway, headers: Record<string, string> = {}, inputs: unknown = TEXT) {
  addresses += 1;
  const address = `198.51.100.${addresses}`;
  const response = await classify(gateway, inputs, { headers: { "cf-connecting-ip": address, ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const statusOf = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;
const other = (key: string) => `${key.slice(0, -2)}${key.endsWith("AA") ? "BB" : "AA"}`;

describe("a key lets its holder in", () => {
  it.each([
    ["as a bearer token", (key: string) => bearer(key)],
    ["whatever the scheme's case", (key: string) => ({ authorization: `bEARER ${key}` })],
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

  it("with as many inputs as it was given, and as the policy has it otherwise", async () => {
    const few = await storeKey({ limits: { inputs: 2 } });
    const many = await storeKey({ limits: { inputs: 1000 } });
    expect(await statusOf(aKeyedGateway(), bearer(few.key), [TEXT, TEXT])).toBe(200);
    const refused = await ask(aKeyedGateway(), bearer(few.key), [TEXT, TEXT, TEXT]);
    expect([refused.status, JSON.parse(refused.text).error]).toEqual([
      413,
      "`inputs` holds 3 texts; at most 2 are allowed in one request with this API key.",
    ]);
    expect(await statusOf(aKeyedGateway(), bearer(many.key), Array(65).fill(TEXT))).toBe(413);
  });
});

describe("who has no valid key is refused, in words that do not tell which it was, and the next request is answered", async () => {
  const good = await storeKey();
  const past = "2026-01-02T00:00:00Z";
  const [revoked, expired, unscoped] = [
    await storeKey({ revokedAt: past }),
    await storeKey({ expiresAt: past }),
    await storeKey({ scopes: ["something-later"] }),
  ];
  const unknown = good.key.replace(good.id, "zzzzzzzzzzzz");
  const INVALID = /^This API key is not valid\. .*ask the operator/;
  it.each<[string, Record<string, string>, number, string, RegExp]>([
    ["no key", {}, 401, "unauthorized", /^Send your API key as `Authorization: Bearer <key>`/],
    ["an unknown id", bearer(unknown), 401, "unauthorized", INVALID],
    ["a wrong secret", bearer(other(good.key)), 401, "unauthorized", INVALID],
    ["a revoked key", bearer(revoked.key), 401, "unauthorized", INVALID],
    ["an expired key", bearer(expired.key), 401, "unauthorized", INVALID],
    ["a revoked key, wrong secret", bearer(other(revoked.key)), 401, "unauthorized", INVALID],
    ["something else", bearer("hf_abcdef"), 401, "unauthorized", /^That is no API key/],
    ["half a key", bearer(good.key.slice(0, 30)), 401, "unauthorized", /^That is no API key/],
    ["a longer key", bearer(`${good.key}A`), 401, "unauthorized", /^That is no API key/],
    ["a key in capitals", bearer(good.key.toUpperCase()), 401, "unauthorized", /^That is no API key/],
    ["an empty bearer token", { authorization: "Bearer " }, 401, "unauthorized", /^That is no API key/],
    ["an empty x-api-key", { "x-api-key": "" }, 401, "unauthorized", /^That is no API key/],
    ["another scheme", { authorization: `Basic ${good.key}` }, 401, "unauthorized", /^That is no API key/],
    ["the id alone", { "x-api-key": good.id }, 401, "unauthorized", /^That is no API key/],
    ["two keys", { ...bearer(good.key), "x-api-key": unknown }, 401, "unauthorized", /hold different keys\. Send one/],
    ["another scope", bearer(unscoped.key), 403, "forbidden", /is not allowed to classify\. Ask the operator/],
  ])("%s", async (_, headers, status, errorType, words) => {
    const gateway = aKeyedGateway();
    const refused = await ask(gateway, headers);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.text)).toEqual({
      error: expect.stringMatching(words),
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

  it("a wrong key too where callers without one come in, so that its holder finds out", async () => {
    const open = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed" });
    expect(await statusOf(open)).toBe(200);
    expect(await statusOf(open, bearer(good.key))).toBe(200);
    expect(await statusOf(open, bearer(unknown))).toBe(401);
    expect(await statusOf(open, bearer("hf_abcdef"))).toBe(401);
  });
});

describe("a revoked key", () => {
  it("stops when its isolate has looked again, 20 s after it did; with the 30 s of KV's own cache, within 60 s", async () => {
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

  it("and an id that was unknown is looked for again as soon", async () => {
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

  /** Waits of KV's length pass at once. */
  function out(clock: HandClock) {
    const kv: { get: KeyKv["get"] } = { get: (key, options) => env.KEYS.get(key, options) };
    const quick = { ...clock, wait: (ms: number) => clock.wait(ms <= 1500 ? 10 : ms) };
    return {
      kv,
      gateway: aKeyedGateway({ KEYS: { get: (...asked: Parameters<KeyKv["get"]>) => kv.get(...asked) } }, quick),
    };
  }

  it.each(outages)(
    "(%s) a key that was read up to 60 s ago lets in, then all are asked to come back",
    async (_, fail) => {
      const clock = handClock(STARTED_MS);
      const { kv, gateway } = out(clock);
      const { key } = await storeKey();
      expect(await statusOf(gateway, bearer(key))).toBe(200);
      kv.get = fail;
      clock.moveMs(60_000);
      expect(await statusOf(gateway, bearer(key))).toBe(200);
      expect(await statusOf(gateway, bearer(other(key)))).toBe(401);
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

  it.each(outages)("(%s) an unknown key is not let in, and nothing hangs", async (_, fail) => {
    const { kv, gateway } = out(handClock(STARTED_MS));
    kv.get = fail;
    const { key } = await storeKey();
    expect(await statusOf(gateway, bearer(key))).toBe(503);
    expect(await statusOf(gateway)).toBe(401);
  });

  it("a request does not wait for what another one has asked", async () => {
    const clock = handClock(STARTED_MS);
    const { kv, gateway } = out(clock);
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
    // An answer so late tells what was true before: the key stays known.
    first.resolve(null);
    await scheduler.wait(1);
    expect(await statusOf(gateway, bearer(key))).toBe(200);
  });

  it("what is no record of a key lets nobody in, and is the operator's to mend", async () => {
    const { key, id } = await storeKey();
    await env.KEYS.put(kvKeyOf(id), '{"name": "half a record"}');
    expect(await statusOf(aKeyedGateway(), bearer(key))).toBe(503);
  });
});

describe("/readyz", () => {
  const OPERATOR_TOKEN = "an-operator's-token-of-32-letters";
  async function look(gateway: Gateway, headers: Record<string, string> = {}) {
    addresses += 1;
    const asked = new Request("http://gateway/readyz", {
      headers: { "cf-connecting-ip": `198.51.100.${addresses}`, ...headers },
    });
    const response = await askGateway(gateway, asked);
    return { status: response.status, body: await response.json(), headers: response.headers };
  }
  const BRIEF = { ready: true, edge: { state: "loading" }, origin: { breaker: "closed" } };
  const DETAILS = {
    ...BRIEF,
    edge: { state: "loading", model: "mail-tagger@none" },
    origins: { default: { breaker: { state: "closed" } } },
    policy: { version: 0 },
    access: { anonymous: "refused", keysProblem: null },
    problems: [],
  };

  it("tells anybody whether it is ready, and the operator why", async () => {
    const gateway = aKeyedGateway({ OPERATOR_TOKEN });
    const [anybody, operator] = [await look(gateway), await look(gateway, bearer(OPERATOR_TOKEN))];
    expect([anybody.status, operator.status]).toEqual([200, 200]);
    expect(anybody.body).toEqual({ ...BRIEF, edge: { state: expect.any(String) } });
    expect(operator.body).toMatchObject({ ...DETAILS, edge: { model: "mail-tagger@none" } });
  });

  it("tells all of it to anybody where the gateway is open and has no operator, as on a developer's machine", async () => {
    const open = { ANONYMOUS_ACCESS: "allowed" };
    expect((await look(aKeyedGateway(open))).body).toHaveProperty("policy.version");
    expect((await look(aKeyedGateway({ ...open, OPERATOR_TOKEN }))).body).not.toHaveProperty("policy");
    expect((await look(aKeyedGateway())).body).not.toHaveProperty("policy");
  });

  it("refuses a wrong token, an API key and, where there is no operator, any token", async () => {
    const { key } = await storeKey();
    for (const [gateway, token] of [
      [aKeyedGateway({ OPERATOR_TOKEN }), `${OPERATOR_TOKEN}x`],
      [aKeyedGateway({ OPERATOR_TOKEN }), key],
      [aKeyedGateway(), ""],
      [aKeyedGateway(), OPERATOR_TOKEN],
    ] as const) {
      const { status, body, headers } = await look(gateway, { authorization: `Bearer ${token}` });
      expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="spillway"']);
      expect(body).toMatchObject({ error_type: "unauthorized", request_id: "test-request" });
    }
  });

  it("is all that the operator's token opens", async () => {
    expect(await statusOf(aKeyedGateway({ OPERATOR_TOKEN }), bearer(OPERATOR_TOKEN))).toBe(401);
  });
});

describe("a deployment without one of its bindings, or with a variable that says nothing", () => {
  const TOKEN = "an-operator's-token-of-32-letters";

  it.each<[{ OPERATOR_TOKEN?: string } & Record<string, unknown>, RegExp]>([
    [{ KEYS: undefined }, /^KEYS is not bound; take its block from the checkout's wrangler\.toml$/],
    [{ RATE_SMALL: undefined }, /^RATE_SMALL is not bound/],
    [{ RATE_STANDARD: undefined }, /^RATE_STANDARD is not bound/],
    [{ RATE_LARGE: undefined }, /^RATE_LARGE is not bound/],
    [{ FAILED_AUTH: undefined }, /^FAILED_AUTH is not bound/],
    [{ OPERATOR_TOKEN: "hush-hush" }, /^OPERATOR_TOKEN has 9 characters; it must have at least 20, /],
    [{ ANONYMOUS_ACCESS: "yes" }, /^ANONYMOUS_ACCESS is "yes"; it must be one of refused, allowed$/],
    [{ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "1000" }, /^ANONYMOUS_RATE is "1000"; it must be one of small, /],
  ])("%j refuses everybody, and says so", async (variables, problem) => {
    const gateway = aKeyedGateway({ OPERATOR_TOKEN: TOKEN, ...variables });
    expect(gateway.world.access.problems).toEqual([expect.stringMatching(problem)]);
    const refused = await ask(gateway, bearer((await storeKey()).key));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "60"]);
    const asked = new Request("http://gateway/readyz", { headers: bearer(variables.OPERATOR_TOKEN ?? TOKEN) });
    const readyz = await askGateway(gateway, asked);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({ ready: false, problems: gateway.world.access.problems });
  });
});

describe("rates, counted by workerd's own limiter", () => {
  /** Asks until it is refused. The minute may turn in between, so up to twice the limit can get through. */
  async function untilRefused(limit: number, asking: () => ReturnType<typeof ask>) {
    for (let through = 0; through <= 2 * limit; through++) {
      const answer = await asking();
      if (answer.status === 429) return { through, ...answer };
    }
    throw new Error(`${2 * limit} requests were let through`);
  }
  const RETRY = { "retry-after": "60" };

  it("a key has its own, whatever others ask", async () => {
    const gateway = aKeyedGateway();
    const [small, second, large] = [
      await storeKey({ limits: { rate: "small" } }),
      await storeKey({ limits: { rate: "small" } }),
      await storeKey({ limits: { rate: "large" } }),
    ];
    const refused = await untilRefused(60, () => ask(gateway, bearer(small.key)));
    expect(refused.through).toBeGreaterThanOrEqual(60);
    expect(JSON.parse(refused.text)).toMatchObject({ error_type: "rate-limited", error: /^Too many requests/ });
    expect(refused.headers.get("retry-after")).toBe(RETRY["retry-after"]);
    expect(await statusOf(gateway, bearer(second.key))).toBe(200);
    for (let request = 0; request < 70; request++) expect(await statusOf(gateway, bearer(large.key))).toBe(200);
  });

  it("callers without a key share their address's, where that is limited", async () => {
    const gateway = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "small" });
    const from = (address: string) => ({ "cf-connecting-ip": address });
    let host = 0;
    // One network, an address of its own for each request.
    const refused = await untilRefused(60, () => ask(gateway, from(`2001:db8:0:7::${(++host).toString(16)}`)));
    expect(refused.through).toBeGreaterThanOrEqual(60);
    expect(await statusOf(gateway, from("2001:db8:0:8::1"))).toBe(200);
  });

  it("an address with too many wrong keys is refused before KV is asked; a key that is known is not", async () => {
    const clock = handClock(STARTED_MS);
    const get = vi.fn<KeyKv["get"]>((key, options) => env.KEYS.get(key, options));
    const gateway = aKeyedGateway({ KEYS: { get } }, clock);
    const [known, late] = [await storeKey(), await storeKey()];
    const from = { "cf-connecting-ip": "203.0.113.9" };
    const failing = () => ask(gateway, { ...from, ...bearer(other(known.key)) });
    expect(await statusOf(gateway, { ...from, ...bearer(known.key) })).toBe(200);
    const refused = await untilRefused(10, failing);
    expect(refused.through).toBeGreaterThanOrEqual(10);
    expect(JSON.parse(refused.text)).toMatchObject({ error_type: "rate-limited", error: /wrong key came from this/ });
    get.mockClear();
    const blocked = await ask(gateway, { ...from, ...bearer(late.key) });
    expect([blocked.status, blocked.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(get).not.toHaveBeenCalled();
    expect(await statusOf(gateway, { ...from, ...bearer(known.key) })).toBe(200);
    expect(await statusOf(gateway, bearer(late.key))).toBe(200);
    clock.moveMs(60_000);
    expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(200);
  });
});
