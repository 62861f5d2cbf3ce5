/** Access settings inside workerd: who sees the details of /readyz, invalid deployments, and rate limits. */
import { describe, expect, it, vi } from "vitest";
import { bearer } from "../../support/credentials.ts";
import { freshKey, storeKey } from "../support/api-keys.ts";
import { handClock } from "../support/gateway.ts";
import { aKeyedGateway, ask, readyz, STARTED_MS, statusOf, untilRefused, withOtherSecret } from "./keyed-gateway.ts";

const OPERATOR_TOKEN = "an-operator's-token-of-32-letters";

describe("/readyz", () => {
  const BRIEF = { ready: true, edge: { state: "loading" }, origin: { breaker: "closed" } };
  const DETAILS = {
    ...BRIEF,
    edge: { state: "loading", model: "mail-tagger@none" },
    origins: { default: { breaker: { state: "closed" } } },
    policy: { version: 0 },
    access: { anonymous: "refused", keysProblem: null },
    problems: [],
  };

  it("shows every caller whether it is ready, and the operator the details", async () => {
    const gateway = aKeyedGateway({ OPERATOR_TOKEN });
    const [anyone, operator] = [await readyz(gateway), await readyz(gateway, bearer(OPERATOR_TOKEN))];
    expect([anyone.status, operator.status]).toEqual([200, 200]);
    expect(anyone.body).toEqual({ ...BRIEF, edge: { state: expect.any(String) } });
    expect(operator.body).toMatchObject({ ...DETAILS, edge: { model: "mail-tagger@none" } });
  });

  it("shows every caller the details if anonymous access is allowed and no token is set, as on a developer's machine", async () => {
    const open = { ANONYMOUS_ACCESS: "allowed" };
    expect((await readyz(aKeyedGateway(open))).body).toHaveProperty("policy.version");
    expect((await readyz(aKeyedGateway({ ...open, OPERATOR_TOKEN }))).body).not.toHaveProperty("policy");
    expect((await readyz(aKeyedGateway())).body).not.toHaveProperty("policy");
  });

  it("refuses a wrong token, an API key and, if no token is set, any token", async () => {
    const { key } = await storeKey();
    for (const [gateway, token] of [
      [aKeyedGateway({ OPERATOR_TOKEN }), `${OPERATOR_TOKEN}x`],
      [aKeyedGateway({ OPERATOR_TOKEN }), key],
      [aKeyedGateway(), ""],
      [aKeyedGateway(), OPERATOR_TOKEN],
    ] as const) {
      const { status, body, headers } = await readyz(gateway, { authorization: `Bearer ${token}` });
      expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="spillway"']);
      expect(body).toMatchObject({ error_type: "unauthorized", request_id: "test-request" });
    }
  });

  it("is the only path for which the operator's token is valid", async () => {
    expect(await statusOf(aKeyedGateway({ OPERATOR_TOKEN }), bearer(OPERATOR_TOKEN))).toBe(401);
  });
});

describe("a deployment without one of its bindings, or with an invalid variable", () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ KEYS: undefined }, /^KEYS is not bound; copy its block from the checkout's wrangler\.toml$/],
    [{ RATE_SMALL: undefined }, /^RATE_SMALL is not bound/],
    [{ RATE_STANDARD: undefined }, /^RATE_STANDARD is not bound/],
    [{ RATE_LARGE: undefined }, /^RATE_LARGE is not bound/],
    [{ FAILED_AUTH: undefined }, /^FAILED_AUTH is not bound/],
    [{ ANONYMOUS_ACCESS: "yes" }, /^ANONYMOUS_ACCESS is "yes"; it must be one of refused, allowed$/],
    [{ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "1000" }, /^ANONYMOUS_RATE is "1000"; it must be one of small, /],
  ])("%j refuses every request, and reports the problem", async (variables, problem) => {
    const gateway = aKeyedGateway({ OPERATOR_TOKEN, ...variables });
    expect(gateway.world.access.problems).toEqual([expect.stringMatching(problem)]);
    const refused = await ask(gateway, bearer((await storeKey()).key));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "60"]);
    const { status, body } = await readyz(gateway, bearer(OPERATOR_TOKEN));
    expect(status).toBe(503);
    expect(body).toMatchObject({ ready: false, problems: gateway.world.access.problems });
  });

  it.each([
    ["", /^OPERATOR_TOKEN is set, but blank: create one with openssl rand -hex 32$/],
    [" \n", /^OPERATOR_TOKEN is set, but blank: /],
    ["hush-hush", /^OPERATOR_TOKEN has 9 characters; it must have at least 20: /],
    ['"a-token-in-quotes-of-32-letters"', /^OPERATOR_TOKEN has quotes, spaces or other/],
  ])("an unusable operator token, %j, opens nothing, and the Worker's log reports it", async (token, problem) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const ANONYMOUS_ACCESS of ["allowed", "refused"]) {
      const gateway = aKeyedGateway({ OPERATOR_TOKEN: token, ANONYMOUS_ACCESS });
      expect(gateway.world.access.problems).toEqual([expect.stringMatching(problem)]);
      expect(log).toHaveBeenCalledWith(`${gateway.world.access.problems[0]}.`);
      const [anyone, holder] = [await readyz(gateway), await readyz(gateway, { authorization: `Bearer ${token}` })];
      expect([anyone.status, holder.status]).toEqual([503, 401]);
      for (const { body } of [anyone, holder]) expect(body).not.toHaveProperty("problems");
    }
  });
});

describe("credentials and addresses of the origin", () => {
  it("that cannot be used refuse every request by their names, and are no failure of the origin", async () => {
    const AWS_SECRET_ACCESS_KEY = "canary secret\nkey";
    const gateway = aKeyedGateway({ OPERATOR_TOKEN, ANONYMOUS_ACCESS: " allowed\n", AWS_SECRET_ACCESS_KEY });
    for (let call = 0; call < 6; call++) expect(await statusOf(gateway)).toBe(503);
    const { status, body } = await readyz(gateway, bearer(OPERATOR_TOKEN));
    expect(status).toBe(503);
    expect(body).toMatchObject({
      ready: false,
      problems: [expect.stringMatching(/^AWS_SECRET_ACCESS_KEY contains a space, a line break/)],
      origins: { default: { lastFailure: null, breaker: { state: "closed" } } },
    });
    expect(JSON.stringify(body)).not.toContain("canary");
  });

  it("with a line break or a byte order mark around them are used without", async () => {
    const around = {
      AWS_ACCESS_KEY_ID: "\ufeffAKIA1\r\n",
      AWS_SECRET_ACCESS_KEY: "canary\n",
      ORIGIN_REGION: " us-east-1\n",
    };
    expect(await statusOf(aKeyedGateway({ ANONYMOUS_ACCESS: "allowed", ...around }))).toBe(200);
  });
});

describe("rate limits, counted by workerd's limiter", () => {
  const RETRY = { "retry-after": "60" };

  it("each key has a separate limit", async () => {
    const gateway = aKeyedGateway();
    const [small, second, large] = [
      await storeKey({ limits: { rate: "small" } }),
      await storeKey({ limits: { rate: "small" } }),
      await storeKey({ limits: { rate: "large" } }),
    ];
    const refused = await untilRefused(60, () => ask(gateway, bearer(small.key)));
    expect(refused.accepted).toBeGreaterThanOrEqual(60);
    expect(JSON.parse(refused.text)).toMatchObject({ error_type: "rate-limited", error: /^Too many requests/ });
    expect(refused.headers.get("retry-after")).toBe(RETRY["retry-after"]);
    expect(await statusOf(gateway, bearer(second.key))).toBe(200);
    for (let request = 0; request < 70; request++) expect(await statusOf(gateway, bearer(large.key))).toBe(200);
  });

  it("callers without a key share the limit of their network", async () => {
    const gateway = aKeyedGateway({ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "small" });
    const from = (address: string) => ({ "cf-connecting-ip": address });
    let host = 0;
    // One network, with another address for each request.
    const refused = await untilRefused(60, () => ask(gateway, from(`2001:db8:0:7::${(++host).toString(16)}`)));
    expect(refused.accepted).toBeGreaterThanOrEqual(60);
    expect(await statusOf(gateway, from("2001:db8:0:8::1"))).toBe(200);
  });

  it("wrong operator tokens and API keys at /readyz block no key from the same address", async () => {
    const clock = handClock(STARTED_MS);
    const gateway = aKeyedGateway({ OPERATOR_TOKEN }, clock);
    const from = { "cf-connecting-ip": "203.0.113.10" };
    const { key } = await storeKey();
    for (let call = 0; call < 25; call++) {
      expect((await readyz(gateway, { ...from, ...bearer(key) })).status).toBe(401);
      await readyz(gateway, { ...from, ...bearer("wrong-operator-token-000000") });
    }
    expect((await readyz(gateway, { ...from, ...bearer("wrong-operator-token-000000") })).status).toBe(429);
    clock.moveMs(59_000);
    expect((await readyz(gateway, { ...from, ...bearer("wrong-operator-token-000000") })).status).toBe(429);
    expect((await readyz(gateway, { ...from, ...bearer(OPERATOR_TOKEN) })).status).toBe(200);
    expect(await statusOf(gateway, { ...from, ...bearer(withOtherSecret(key)) })).toBe(401);
    expect(await statusOf(gateway, { ...from, ...bearer((await storeKey()).key) })).toBe(200);
  });

  it("the wrong keys of one Cloudflare zone's Worker block no Worker of another zone, which has the same address", async () => {
    const gateway = aKeyedGateway();
    const worker = (zone: string) => ({ "cf-connecting-ip": "2a06:98c0:3600::103", "cf-worker": zone });
    const { key } = await storeKey();
    await untilRefused(10, () => ask(gateway, { ...worker("evil.example"), ...bearer(withOtherSecret(key)) }));
    expect(await statusOf(gateway, { ...worker("good.example"), ...bearer(key) })).toBe(200);
    expect(await statusOf(gateway, { ...worker("evil.example"), ...bearer(freshKey()) })).toBe(429);
  });
});
