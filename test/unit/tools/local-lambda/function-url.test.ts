import { Hono } from "hono";
import { handle } from "hono/aws-lambda";
import { describe, expect, it } from "vitest";
import { MAX_PAYLOAD_BYTES, toFunctionUrlEvent, toHttpResponse } from "../../../../tools/local-lambda/function-url.ts";
import { httpRequest } from "./requests.ts";

const context = {
  requestId: "0af76519-16cd-43dd-8448-eb211c80319c",
  nowMs: Date.UTC(2020, 2, 12, 19, 3, 58),
  accessKeyId: "AKIDEXAMPLE",
};
const json: [string, string] = ["Content-Type", "application/json"];
const host: [string, string] = ["Host", "127.0.0.1:8790"];

describe("toFunctionUrlEvent", () => {
  it("makes the event of payload format 2.0", () => {
    const headers: [string, string][] = [
      host,
      json,
      ["User-Agent", "agent"],
      ["X-Two", "a"],
      ["X-Two", "b"],
      ["Cookie", "c1=1; c2=2"],
    ];
    const request = httpRequest("/my/path?p=1&p=2&q=a%20b", { method: "POST", headers, body: '{"é":1}' });
    expect(toFunctionUrlEvent(request, context)).toEqual({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/my/path",
      rawQueryString: "p=1&p=2&q=a%20b",
      cookies: ["c1=1", "c2=2"],
      headers: {
        host: "127.0.0.1:8790",
        "content-type": "application/json",
        "user-agent": "agent",
        "x-two": "a,b",
        "x-amzn-trace-id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
      },
      queryStringParameters: { p: "1,2", q: "a b" },
      requestContext: {
        accountId: "000000000000",
        apiId: "local",
        authentication: null,
        authorizer: { iam: expect.objectContaining({ accessKey: "AKIDEXAMPLE" }) },
        domainName: "127.0.0.1:8790",
        domainPrefix: "127",
        http: { method: "POST", path: "/my/path", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "agent" },
        requestId: context.requestId,
        routeKey: "$default",
        stage: "$default",
        time: "12/Mar/2020:19:03:58 +0000",
        timeEpoch: context.nowMs,
      },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
  });

  it("removes the caller's signature", () => {
    const request = httpRequest("/", { headers: [host, ["Authorization", "AWS4-HMAC-SHA256 Credential=…"]] });
    expect(JSON.stringify(toFunctionUrlEvent(request, context))).not.toContain("HMAC");
  });

  it.each([
    { type: "application/json", base64: false },
    { type: "Application/JSON; charset=utf-8", base64: false },
    { type: "application/problem+json", base64: false },
    { type: "text/plain", base64: false },
    { type: "application/xml", base64: false },
    { type: "application/javascript", base64: false },
    { type: "application/x-www-form-urlencoded", base64: true },
    { type: "application/octet-stream", base64: true },
    { type: "image/png", base64: true },
    { type: "", base64: true },
  ])("passes a body of type '$type' as base64: $base64", ({ type, base64 }) => {
    const event = toFunctionUrlEvent(
      httpRequest("/", { method: "POST", headers: [host, ["content-type", type]], body: "é" }),
      context,
    );
    expect(event).toMatchObject({ isBase64Encoded: base64, body: base64 ? "w6k=" : "é" });
  });

  it("passes an encoded body as base64, whatever its type", () => {
    const headers: [string, string][] = [host, json, ["Content-Encoding", "gzip"]];
    expect(toFunctionUrlEvent(httpRequest("/", { method: "POST", headers, body: "x" }), context).isBase64Encoded).toBe(
      true,
    );
  });

  it("omits what the request does not have", () => {
    const event = toFunctionUrlEvent(httpRequest("/", { headers: [host] }), context);
    expect(event).not.toHaveProperty("body");
    expect(event).not.toHaveProperty("cookies");
    expect(event).not.toHaveProperty("queryStringParameters");
    expect(event.isBase64Encoded).toBe(false);
  });

  it("makes events that hono converts back to the same request", async () => {
    const sent = httpRequest("/a%20b?q=%2F", {
      method: "POST",
      headers: [host, ["Content-Type", "image/png"], ["Cookie", "c=1"]],
      body: "\u0000é",
    });
    const event = toFunctionUrlEvent(sent, context);
    const app = new Hono();
    app.all("*", async ({ req }) => Response.json([req.method, req.url, req.header("cookie"), await req.text()]));
    const { body } = await handle(app)({ ...event, body: event.body ?? null });
    expect(JSON.parse(body)).toEqual(["POST", "https://127.0.0.1:8790/a%20b?q=%2F", "c=1", "\u0000é"]);
  });
});

describe("toHttpResponse", () => {
  const text = (result: unknown) => {
    const { statusCode, headers, body } = toHttpResponse(result);
    return { statusCode, headers, body: body.toString() };
  };
  const type = { "content-type": "application/json" };

  it.each([
    { name: "an object without a status code", result: { message: "hi" }, body: '{"message":"hi"}' },
    { name: "a string", result: "hi", body: '"hi"' },
    { name: "null", result: null, body: "null" },
    { name: "undefined", result: undefined, body: "null" },
    { name: "a list", result: [1], body: "[1]" },
  ])("makes $name the JSON body of a 200", ({ result, body }) => {
    expect(text(result)).toEqual({ statusCode: 200, headers: type, body });
  });

  it("keeps status, headers, cookies and body", () => {
    const result = {
      statusCode: 201,
      headers: { "Content-Type": "text/plain", "X-Count": 2 },
      cookies: ["a=1; Secure", "b=2"],
      body: "hi",
    };
    const headers = { "content-type": "text/plain", "x-count": "2", "set-cookie": ["a=1; Secure", "b=2"] };
    expect(text(result)).toEqual({ statusCode: 201, headers, body: "hi" });
  });

  it("decodes a base64 body", () => {
    expect(text({ statusCode: 200, body: "w6k=", isBase64Encoded: true }).body).toBe("é");
  });

  it.each([
    { name: "a status that is not a number", result: { statusCode: "many" } },
    { name: "a status out of range", result: { statusCode: 99 } },
    { name: "a body that is not a string", result: { statusCode: 200, body: { a: 1 } } },
    { name: "headers that are not an object", result: { statusCode: 200, headers: "x" } },
    { name: "more than 6 MB", result: { statusCode: 200, body: "x".repeat(MAX_PAYLOAD_BYTES + 1) } },
  ])("answers 502 for $name", ({ result }) => {
    expect(text(result)).toEqual({ statusCode: 502, headers: type, body: "Internal Server Error" });
  });
});
