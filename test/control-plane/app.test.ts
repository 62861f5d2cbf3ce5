/** The control plane's endpoint: for the operator only, with the gateway's shape of errors. */
import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../control-plane/app.ts";
import { cellsIn, message, setTime, shardOf, TEN, totalOf } from "./support/ledger.ts";

const TOKEN = "an-operators-token-of-40-characters-here";
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** Nothing is locked out, unless a test counts. */
const FAILED_AUTH = { limit: async () => ({ success: true }) };

function ask(path: string, init: RequestInit = bearer(TOKEN), variables: object = { OPERATOR_TOKEN: TOKEN }) {
  return createApp().fetch(new Request(`http://localhost:8788${path}`, init), { ...env, FAILED_AUTH, ...variables });
}

async function refusal(response: Response | Promise<Response>) {
  const answered = await response;
  const { status, headers } = answered;
  const body: Record<string, unknown> = await answered.json();
  expect(Object.keys(body).sort()).toEqual(["error", "error_type", "request_id"]);
  expect(headers.get("x-request-id")).toBe(body["request_id"]);
  return { status, error: body["error"], type: body["error_type"] };
}

describe("who may read", () => {
  it("the operator's token opens the ledger", async () => {
    const response = await ask("/v1/ledger");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it.each([
    ["no token", {}],
    ["another token", bearer("another-token-with-enough-characters")],
    ["another scheme", { headers: { authorization: `Basic ${TOKEN}` } }],
    ["a prefix of the token", bearer(TOKEN.slice(0, -1))],
  ])("%s is refused with 401", async (_, init) => {
    const response = await ask("/v1/ledger", init);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="spillway"');
    expect(await refusal(response)).toMatchObject({ status: 401, type: "unauthorized" });
  });

  it("without a token it is open only where anonymous access is allowed, and misconfigured elsewhere", async () => {
    const report = vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await ask("/v1/ledger", {}, { ANONYMOUS_ACCESS: "allowed" })).status).toBe(200);
    for (const variables of [
      {},
      { OPERATOR_TOKEN: "short" },
      { OPERATOR_TOKEN: "short", ANONYMOUS_ACCESS: "allowed" },
    ]) {
      expect(await refusal(ask("/v1/ledger", bearer("short"), variables))).toMatchObject({ status: 503 });
    }
    expect(report.mock.calls.flat().join()).toMatch(/OPERATOR_TOKEN is not set.*OPERATOR_TOKEN has 5 characters/);
  });
});

describe("the read-only token", () => {
  const READER = "a-read-only-token-of-40-characters-here";
  const both = { OPERATOR_TOKEN: TOKEN, READ_ONLY_TOKEN: READER };

  it("reads the ledger", async () => {
    expect((await ask("/v1/ledger", bearer(READER), both)).status).toBe(200);
  });

  it("is refused as misconfigured where it is the operator's, short, or the only token", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    for (const READ_ONLY_TOKEN of [TOKEN, "short"]) {
      expect((await ask("/v1/ledger", bearer(TOKEN), { OPERATOR_TOKEN: TOKEN, READ_ONLY_TOKEN })).status).toBe(503);
    }
    expect((await ask("/v1/ledger", {}, { READ_ONLY_TOKEN: READER, ANONYMOUS_ACCESS: "allowed" })).status).toBe(503);
  });
});

describe("too many wrong tokens from one address", () => {
  const limited = (attempts: number) => {
    const counts = new Map<string, number>();
    const limit = async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= attempts };
    };
    return { ...env, OPERATOR_TOKEN: TOKEN, FAILED_AUTH: { limit } };
  };
  const from = (address: string, token: string) =>
    new Request("http://localhost/v1/ledger", {
      headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": address },
    });

  it("lock it out for a minute, with the right token too; other addresses are served", async () => {
    setTime(TEN);
    const [app, variables] = [createApp(), limited(3)];
    const statusOf = async (address: string, token: string) =>
      (await app.fetch(from(address, token), variables)).status;
    for (let attempt = 0; attempt < 3; attempt++) expect(await statusOf("192.0.2.1", `wrong-${attempt}`)).toBe(401);
    const refused = await app.fetch(from("192.0.2.1", "wrong-again"), variables);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await refusal(refused)).toMatchObject({ status: 429, type: "rate-limited" });
    expect(await statusOf("192.0.2.1", TOKEN)).toBe(429);
    expect(await statusOf("192.0.2.2", TOKEN)).toBe(200);
    setTime(TEN + 60_000);
    expect(await statusOf("192.0.2.1", TOKEN)).toBe(200);
  });

  it("a limiter that is down locks no one out", async () => {
    const down = { limit: () => Promise.reject(new Error("down")) };
    const variables = { ...env, OPERATOR_TOKEN: TOKEN, FAILED_AUTH: down };
    expect((await createApp().fetch(from("192.0.2.1", "wrong"), variables)).status).toBe(401);
  });
});

describe("without a token, where anonymous access is allowed", () => {
  it.each([
    ["another host name, which may resolve to this machine", "http://evil.example:8788/v1/ledger", {}],
    ["a page of another origin", "http://localhost:8788/v1/ledger", { origin: "https://evil.example" }],
    ["a page of another port", "http://localhost:8788/v1/ledger", { origin: "http://localhost:3000" }],
    ["a page that sends no origin", "http://localhost:8788/v1/ledger", { "sec-fetch-site": "cross-site" }],
  ])("%s is refused", async (_, url, headers) => {
    const request = new Request(url, { headers });
    const response = await createApp().fetch(request, { ...env, ANONYMOUS_ACCESS: "allowed" });
    expect(await refusal(response)).toMatchObject({ status: 403, type: "forbidden" });
  });
});

describe("the time range", () => {
  it.each([
    ["from=yesterday", /from is "yesterday"; a date such as .* are allowed/],
    ["to=2026-13-01", /to is "2026-13-01"/],
    ["from=2026-11-26T04:00", /from is "2026-11-26T04:00"/],
    ["from=-5", /from is "-5"/],
    ["from=1e12", /from is "1e12"/],
    ["from=", /from is ""/],
    ["from=1&from=2", /from is there 2 times/],
    ["from=2026-11-27&to=2026-11-26", /from is 2026-11-27T00:00:00.000Z, which is not before to/],
    ["since=1", /Unknown parameter "since"; allowed are from and to/],
    ["from=%F0%9F%98%80%0A", /from is "\?\?\\n"/],
  ])("%s is refused with 400 that names it", async (parameters, error) => {
    expect(await refusal(ask(`/v1/ledger?${parameters}`))).toMatchObject({
      status: 400,
      type: "malformed",
      error: expect.stringMatching(error),
    });
  });

  it.each([
    ["from=2040-02-01T10:00:00Z&to=2040-02-01T10:01:00Z"],
    [`from=${TEN}&to=${TEN + 60_000}`],
    ["from=2040-02-01T11:00:00%2B01:00&to=2040-02-02"],
    [""],
  ])("%s is obeyed", async (parameters) => {
    setTime(TEN + 1000);
    await shardOf("weur").record(message());
    await runDurableObjectAlarm(shardOf("weur"));
    const answer: { cells: string; firstMs: number } = await (await ask(`/v1/ledger?${parameters}`)).json();
    expect(totalOf(cellsIn(answer.cells), "text").n).toBe(1);
    expect(answer.firstMs).toBe(TEN);
  });
});

it("other paths and methods are refused; a ledger that fails is a 503", async () => {
  expect((await ask("/healthz", {})).status).toBe(200);
  expect(await refusal(ask("/v1/other"))).toMatchObject({ status: 404, type: "not-found" });
  expect(await refusal(ask("/v1/ledger", { ...bearer(TOKEN), method: "POST" }))).toMatchObject({ status: 405 });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const failing = {
    OPERATOR_TOKEN: TOKEN,
    LEDGER: { idFromName: () => "", get: () => ({ query: () => Promise.reject(new Error("gone")) }) },
  };
  const response = await ask("/v1/ledger", bearer(TOKEN), failing);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await refusal(response)).toMatchObject({ status: 503, type: "unavailable" });
});
