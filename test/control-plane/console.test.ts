/** Who sees the console's pages, and who changes something. Without a browser. */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../control-plane/app.ts";
import { encodeBase64 } from "../../formats/encodings.ts";
import { sha256 } from "../../formats/sha256.ts";
import { newConsole, TOKENS, textOf } from "./support/console.ts";
import { counted, MINUTE, message, root, setTime, shardOf, TEN } from "./support/ledger.ts";

const HOUR = 3_600_000;
const CHANGES_NOTHING = ["/sign-in", "/sign-out", "/policy/check"];
let { get, post, signIn } = newConsole();

beforeEach(() => {
  ({ get, post, signIn } = newConsole());
  setTime(TEN);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

describe("a session", () => {
  it("begins with a token and is a cookie that no script and no other site can use, for 12 hours", async () => {
    const response = await post("/sign-in", { token: TOKENS.OPERATOR_TOKEN });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-spillway=/);
    for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=43200"])
      expect(cookie).toContain(`; ${attribute}`);
    expect(cookie).not.toContain("Domain");
    expect(cookie).not.toContain(TOKENS.OPERATOR_TOKEN);
  });

  it("shows the pages, which nothing may embed, cache or add to", async () => {
    const response = await get("/", { cookie: await signIn() });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const policy = response.headers.get("content-security-policy") ?? "";
    const page = await response.text();
    const [, style = ""] = /<style>([^<]+)<\/style>/.exec(page) ?? [];
    const hash = encodeBase64(sha256(style));
    expect(policy).toContain(`default-src 'none'; script-src 'self'; style-src 'sha256-${hash}'; img-src 'self'`);
    expect(policy).not.toContain("unsafe");
    const others = page.replace(`<style>${style}</style>`, "");
    expect(others).not.toMatch(/ style=|<style|<script(?! type="module" src="\/console\.js")| on[a-z]+=/);
  });

  it("is asked for by every page; the address continues after the sign-in, and never leads to another host", async () => {
    const response = await get("/policy?saved=3");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in?next=%2Fpolicy%3Fsaved%3D3"]);
    for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      const signedIn = await post("/sign-in", { token: TOKENS.OPERATOR_TOKEN, next });
      expect(signedIn.headers.get("location")).toBe("/");
    }
    expect((await get("/live")).status).toBe(401);
  });

  it("ends after 12 hours, with the sign-out, and for its role when its token is replaced", async () => {
    const [operator, reader] = [await signIn(), await signIn(TOKENS.READ_ONLY_TOKEN)];
    const statusOf = async (cookie: string, variables = {}) => (await get("/keys", { cookie, variables })).status;
    const rotated = { OPERATOR_TOKEN: "another-operators-token-of-40-characters" };
    expect(await statusOf(operator, rotated)).toBe(303);
    expect(await statusOf(reader, rotated)).toBe(200);
    const signedOut = await post("/sign-out", {}, { cookie: operator });
    expect(signedOut.headers.get("set-cookie")).toContain("Max-Age=0");
    setTime(TEN + 12 * HOUR - 1);
    expect(await statusOf(operator)).toBe(200);
    setTime(TEN + 12 * HOUR);
    expect(await statusOf(operator)).toBe(303);
  });

  it("cannot be made or changed without the token", async () => {
    const cookie = await signIn(TOKENS.READ_ONLY_TOKEN);
    const [name = "", value = ""] = cookie.split("=", 2);
    const [, signature = ""] = decodeURIComponent(value).split(".");
    for (const forged of [`operator ${TEN + HOUR}.${signature}`, `operator ${TEN + HOUR}`, "operator", ""]) {
      expect((await get("/", { cookie: `${name}=${encodeURIComponent(forged)}` })).status).toBe(303);
    }
  });
});

describe("a wrong token", () => {
  it("is refused, and too many lock the address out; a session that has begun continues", async () => {
    const cookie = await signIn();
    let left = 2;
    const variables = { FAILED_AUTH: { limit: async () => ({ success: left-- > 0 }) } };
    const attempt = (token: string) => post("/sign-in", { token }, { variables });
    expect((await attempt("wrong")).status).toBe(401);
    expect(await textOf(attempt("<script>alert(1)</script>"))).toContain("Wrong token");
    const locked = await attempt("wrong");
    expect([locked.status, locked.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await attempt(TOKENS.OPERATOR_TOKEN)).status).toBe(429);
    expect((await get("/keys", { cookie, variables })).status).toBe(200);
  });
});

describe("a change", () => {
  it.each([
    ["another site", { origin: "https://evil.example" }],
    ["a page that hides its origin", { origin: "null", "sec-fetch-site": "cross-site" }],
  ])("is refused that %s sends, with the cookie or without", async (_, headers) => {
    const cookie = await signIn();
    expect((await post("/policy/save", { text: "{}" }, { cookie, headers })).status).toBe(403);
    expect((await post("/sign-in", { token: TOKENS.OPERATOR_TOKEN }, { headers })).status).toBe(403);
  });

  it("is refused to the reader, whose pages state why their buttons are disabled", async () => {
    const cookie = await signIn(TOKENS.READ_ONLY_TOKEN);
    expect(await textOf(get("/policy", { cookie }))).toMatch(
      /<button disabled>Review changes<\/button> <small>Read-only token/,
    );
    // Every form of the console: a new one is in it.
    const posts = createApp().routes.filter(({ method, path }) => method === "POST" && !path.startsWith("/v1/"));
    const paths = [...new Set(posts.map(({ path }) => path))].filter((path) => !CHANGES_NOTHING.includes(path));
    expect(paths).toHaveLength(7);
    const fields = { ...{ text: '{"edge":{"share":5}}', expected: "0", to: "100" }, ...{ kind: "share", id: "1" } };
    for (const path of paths) expect((await post(path, fields, { cookie })).status, path).toBe(403);
    expect(await env.POLICIES.get("policy")).toBeNull();
    expect((await root().rollouts()).rollouts).toEqual([]);
  });

  it("is refused when the session has ended, and nothing is changed", async () => {
    const response = await post("/policy/save", { text: '{"edge":{"share":5}}', expected: "0" });
    expect(response.status).toBe(401);
    expect(await env.POLICIES.get("policy")).toBeNull();
  });
});

describe("what others wrote", () => {
  it("stays text on every page", async () => {
    const script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    const record = { name: script, sha256: "0".repeat(64), scopes: [script], createdAt: "2026-11-10T10:00:00.000Z" };
    await env.KEYS.put("key:abcdefghijkl", JSON.stringify({ ...record, expiresAt: null, revokedAt: null }));
    const cookie = await signIn();
    await post("/policy/save", { text: "{}", expected: "0", author: script, message: script }, { cookie });
    await shardOf("weur").record(message());
    for (const path of ["/", "/keys", "/policy", "/policy/versions/1", "/models", "/rollouts"]) {
      const page = await textOf(get(path, { cookie }));
      expect(page, path).not.toMatch(/<script>|<img/);
    }
    const keys = await textOf(get("/keys", { cookie }));
    expect(keys).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(keys).not.toContain("0".repeat(64));
  });
});

it("the list of keys has the hour of each key's last use, and works without the ledger", async () => {
  const record = { name: "Ann", sha256: "0".repeat(64), scopes: ["classify"], createdAt: "2026-11-10T10:00:00.000Z" };
  await env.KEYS.put("key:abcdefghijkl", JSON.stringify({ ...record, expiresAt: null, revokedAt: null }));
  const cookie = await signIn();
  expect(await textOf(get("/keys", { cookie }))).toContain("No use of a key was counted yet");
  setTime(TEN + 20 * MINUTE);
  await shardOf("weur").record(message({ keysUsed: ["abcdefghijkl"] }));
  await counted();
  expect(await textOf(get("/keys", { cookie }))).toMatch(
    /active<\/span><\/td><td data-l="last used"><time [^>]*>2040-02-01 10:00<\/time>/,
  );
  const LEDGER = { idFromName: () => "", get: () => ({ keyUses: () => Promise.reject(new Error("down")) }) };
  vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(await textOf(get("/keys", { cookie, variables: { LEDGER } }))).toMatch(/Ann[\s\S]*cannot be shown now/);
});

describe("the polled figures", () => {
  it("have what the shards have not sent yet, and are answered with 304 while they are the same", async () => {
    const cookie = await signIn();
    await shardOf("weur").record(message());
    await counted();
    await shardOf("weur").record(message({ seq: 2, recordsBefore: 1 }));
    const first = await get("/live?range=24h", { cookie });
    const { parts } = await first.json<{ parts: Record<string, string> }>();
    expect(parts["tiles"]).toMatch(/<dt>Texts<\/dt><dd class="big">2</);
    const etag = first.headers.get("etag") ?? "";
    expect((await get("/live?range=24h", { cookie, headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("are in no figure of the ledger, however often they and the pages are asked for", async () => {
    const cookie = await signIn();
    const cellsAfter = async (looks: number) => {
      await reset();
      setTime(TEN);
      await shardOf("weur").record(message());
      await counted();
      for (let look = 0; look < looks; look++)
        for (const path of ["/", "/live", "/rollouts", "/policy"]) await get(path, { cookie });
      // What the objects are billed for is counted with the next message.
      setTime(TEN + MINUTE);
      await shardOf("weur").record(message({ seq: 2, recordsBefore: 1 }));
      await counted();
      return (await counted()).answer.cells;
    };
    expect(await cellsAfter(3)).toBe(await cellsAfter(0));
  });
});
