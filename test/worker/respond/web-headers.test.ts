/** What stands before the endpoint, inside workerd: the headers of every answer, who may ask with what, and from which web page. */
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { Env, Gateway } from "../../../gateway/compose.ts";
import { HAM } from "../../support/texts.ts";
import { aGateway, ask as askGateway, handClock, ready } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

const APP = "https://app.example";
const JSON_BODY = { "content-type": "application/json" };
const TEXT = JSON.stringify({ inputs: HAM });

const engine = sharedEngine();
let modelId: string;
let gateway: Gateway;
beforeAll(async () => {
  modelId = await publish();
  gateway = await gatewayWith({});
});

const gatewayWith = (variables: Partial<Env>) =>
  ready(aGateway({ modelId, originUrl: `${inject("faultOrigin")}ok`, clock: handClock(), engine, variables }));

const ask = (method: string, path: string, init: RequestInit = {}, asked = gateway) =>
  askGateway(asked, new Request(`http://gateway${path}`, { method, ...init }));

const classify = (headers: Record<string, string> = {}, asked = gateway) =>
  ask("POST", "/v1/classify", { headers: { ...JSON_BODY, ...headers }, body: TEXT }, asked);

describe("every answer", () => {
  async function broken(thrown: unknown): Promise<Gateway> {
    const bent = await gatewayWith({});
    bent.world.sides.edge.obey = () => {
      throw thrown;
    };
    return bent;
  }
  const answers: [string, number, () => Promise<Response>][] = [
    ["an answer", 200, () => classify()],
    ["a refusal", 415, () => ask("POST", "/v1/classify", { body: "x" })],
    ["another path", 404, () => ask("GET", "/")],
    ["another method", 405, () => ask("DELETE", "/v1/classify")],
    ["a preflight without CORS", 405, () => ask("OPTIONS", "/v1/classify")],
    [
      "a preflight with CORS",
      204,
      async () => ask("OPTIONS", "/v1/classify", {}, await gatewayWith({ CORS_ORIGINS: APP })),
    ],
    ["a wrong setting", 503, async () => classify({}, await gatewayWith({ ANONYMOUS_ACCESS: "yes" }))],
    ["/healthz", 200, () => ask("GET", "/healthz")],
    ["/readyz", 200, () => ask("GET", "/readyz")],
    ["a HEAD", 200, () => ask("HEAD", "/healthz")],
    ["a bug", 503, async () => classify({}, await broken(new TypeError("secret of node_modules/hono")))],
    ["what is thrown and is no error", 503, async () => classify({}, await broken("secret of node_modules/hono"))],
  ];
  it.each(answers)("%s (%d) is one caller's data, and reveals nothing of what made it", async (_, status, answer) => {
    const response = await answer();
    expect(response.status).toBe(status);
    const { headers } = response;
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=31536000",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers.has("server") || headers.has("x-powered-by")).toBe(false);
    if (status !== 204) {
      expect(headers.get("x-request-id")).toBe("test-request");
      expect(headers.get("content-type")).toMatch(/^application\/json/);
    }
    const everything = `${JSON.stringify([...headers])}${await response.text()}`;
    expect(everything).not.toMatch(/secret|hono|node_modules|workerd|TypeError|\bat \w+ \(|\.ts\b|\.js\b/i);
  });
});

describe("methods and paths", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE", "QUERY"];
  const ALLOWED: Record<string, readonly string[]> = {
    "/healthz": ["GET", "HEAD"],
    "/readyz": ["GET", "HEAD"],
    "/v1/classify": ["POST"],
  };
  const all = Object.entries(ALLOWED).flatMap(([path, allowed]) =>
    METHODS.map((method) => ({ method, path, allowed, isAllowed: allowed.includes(method) })),
  );
  it.each(all)("$method $path: $isAllowed", async ({ method, path, allowed, isAllowed }) => {
    const init = method === "POST" ? { headers: JSON_BODY, body: TEXT } : {};
    const response = await ask(method, path, init);
    expect(response.status).toBe(isAllowed ? 200 : 405);
    expect(response.headers.get("allow")).toBe(isAllowed ? null : allowed.join(", "));
    const body = await response.text();
    if (method === "HEAD") expect(body).toBe("");
    else if (!isAllowed) {
      const shape = { error: expect.any(String), error_type: "method-not-allowed", request_id: "test-request" };
      expect(JSON.parse(body)).toEqual(shape);
    }
  });

  it.each([
    "/v1/classify?inputs=hello",
    "/v1/classify?",
    "/v1/./classify",
    "/v1/x/../classify",
    "/v1\\classify",
    "/v1/classify#here",
  ])("%s is the endpoint: URLs are read as browsers read them, and a query changes nothing", async (path) => {
    expect((await ask("POST", path, { headers: JSON_BODY, body: TEXT })).status).toBe(200);
  });

  it.each([
    "//v1/classify",
    "/v1//classify",
    "/v1/classify/",
    "/v1/classify;x=1",
    "/v1/%63lassify",
    "/v1%2fclassify",
    "/v1/classify%20",
    "/v1/classify%00",
    "/v1/classify%0d%0a",
    "/V1/Classify",
    "/v1/classify.json",
    "/v1",
    "/",
    "/%68ealthz",
    "/readyz/",
    "/..%2freadyz",
    "/%",
    "/%ff%fe",
    `/${"x".repeat(16_000)}`,
  ])("%s is another path", async (path) => {
    const response = await ask("POST", path, { headers: JSON_BODY, body: TEXT });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: "The endpoint is POST /v1/classify.",
      error_type: "not-found",
      request_id: "test-request",
    });
  });
});

describe("CORS", () => {
  const cors = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => /^(access-|vary)/.test(name)));
  const preflight = (asked: Gateway, origin: string, more: Record<string, string> = {}) =>
    ask("OPTIONS", "/v1/classify", { headers: { origin, "access-control-request-method": "POST", ...more } }, asked);

  it("is off where nothing is set: no web page reads an answer, and a preflight is refused", async () => {
    expect(cors(await classify({ origin: APP }))).toEqual({});
    const refused = await preflight(gateway, APP);
    expect([refused.status, refused.headers.get("allow"), cors(refused)]).toEqual([405, "POST", {}]);
  });

  describe("for two origins", () => {
    let open: Gateway;
    beforeAll(async () => {
      open = await gatewayWith({ CORS_ORIGINS: `${APP}, http://localhost:3000` });
    });

    it.each([APP, "http://localhost:3000"])("answers the preflight of %s", async (origin) => {
      const response = await preflight(open, origin);
      expect(response.status).toBe(204);
      expect(await response.text()).toBe("");
      const { "access-control-expose-headers": _, vary, ...rest } = cors(response);
      expect(rest).toEqual({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-max-age": "600",
      });
      expect(vary?.split(", ")).toContain("Origin");
    });

    it.each([
      "content-type,authorization,x-api-key",
      "baggage,content-type,sentry-trace,traceparent",
      "x-wait-for-model, x-use-cache",
    ])("grants the headers that a preflight asks for: %s", async (asked) => {
      const response = await preflight(open, APP, { "access-control-request-headers": asked });
      expect(response.headers.get("access-control-allow-headers")).toBe(asked.replace(", ", ","));
      expect(response.headers.get("access-control-allow-origin")).toBe(APP);
    });

    it("grants nothing to another origin", async () => {
      const response = await preflight(open, "https://evil.example", { "access-control-request-headers": "baggage" });
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    });

    it("lets them read answers and refusals, with the headers that matter", async () => {
      const refusal = ask("POST", "/v1/classify", { headers: { origin: APP }, body: "x" }, open);
      for (const response of [await classify({ origin: APP }, open), await refusal]) {
        expect(cors(response)).toEqual({
          "access-control-allow-origin": APP,
          "access-control-expose-headers":
            "x-spillway-route,x-spillway-because,x-spillway-policy,x-spillway-model,x-request-id,retry-after,server-timing,traceresponse",
          vary: "Origin",
        });
      }
    });

    it.each([
      "https://app.example.evil",
      "https://evil.example",
      "http://app.example",
      `${APP}:8443`,
      "null",
      APP.toUpperCase(),
    ])("not %s", async (origin) => {
      const answers = [await preflight(open, origin), await classify({ origin }, open)];
      for (const { headers } of answers) {
        expect(headers.get("access-control-allow-origin")).toBeNull();
        expect(headers.get("vary")).toContain("Origin");
      }
    });

    it("opens only the endpoint", async () => {
      expect(cors(await ask("GET", "/readyz", { headers: { origin: APP } }, open))).toEqual({});
      expect((await ask("OPTIONS", "/readyz", { headers: { origin: APP } }, open)).status).toBe(405);
    });
  });

  it("for every page is marked so, and never with credentials", async () => {
    const open = await gatewayWith({ CORS_ORIGINS: "*" });
    for (const response of [await preflight(open, "https://any.example"), await classify({ origin: "null" }, open)]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    }
  });

  it.each(["POST", "GET", "OPTIONS"])("a setting that cannot be obeyed refuses every caller: %s", async (method) => {
    const wrong = await gatewayWith({ CORS_ORIGINS: "app.example" });
    const response = await ask(
      method,
      "/v1/classify",
      method === "POST" ? { headers: JSON_BODY, body: TEXT } : {},
      wrong,
    );
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error_type: "unavailable" });
    const readyz = await ask("GET", "/readyz", {}, wrong);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({
      ready: false,
      problems: [expect.stringMatching(/^CORS_ORIGINS: "app\.example" is not allowed/)],
    });
  });
});
