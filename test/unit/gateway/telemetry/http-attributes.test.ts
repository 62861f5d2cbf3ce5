import { describe, expect, it } from "vitest";
import {
  clientAttributes,
  knownMethod,
  parsePublicHost,
  serverAttributes,
} from "../../../../gateway/telemetry/http-attributes.ts";

const NAMES = { routes: ["/v1/classify"], publicHost: "api.example.com" };

describe("serverAttributes", () => {
  it("follow HTTP's conventions", () => {
    expect(serverAttributes("POST", "https://api.example.com:8443/v1/classify?text=hello", NAMES)).toEqual({
      "http.request.method": "POST",
      "http.route": "/v1/classify",
      "server.address": "api.example.com",
      "server.port": 8443,
      "url.path": "/v1/classify",
      "url.scheme": "https",
    });
  });

  it.each([
    ["https://my-secret.example.com/v1/classify", NAMES],
    ["https://api.example.com/v1/classify", { ...NAMES, publicHost: null }],
  ])("hold no host but the configured one: %s", (url, names) => {
    const attributes = serverAttributes("POST", url, names);
    expect([attributes["server.address"], attributes["server.port"]]).toEqual([undefined, undefined]);
    expect(attributes["http.route"]).toBe("/v1/classify");
  });

  it("hold no path that is not a route", () => {
    const attributes = serverAttributes("GET", "https://api.example.com/my%20secret", NAMES);
    expect(attributes["url.path"]).toBeUndefined();
    expect(attributes["http.route"]).toBeUndefined();
  });
});

describe("parsePublicHost", () => {
  it.each([
    [undefined, null],
    [" \n", null],
    ["Classify.Example.com ", "classify.example.com"],
    ["localhost", "localhost"],
  ])("%j names %j", (variable, host) => expect(parsePublicHost(variable)).toEqual({ ok: true, host }));

  it.each(["https://classify.example.com", "classify.example.com:443", "*.example.com", "a b", "-" + "."])(
    "refuses %j",
    (variable) => {
      expect(parsePublicHost(variable)).toMatchObject({
        ok: false,
        problem: expect.stringMatching(/^PUBLIC_HOST is ".*"; it must be a host name/),
      });
    },
  );
});

describe("clientAttributes", () => {
  it("hold the path, and never the query or credentials", () => {
    const text = JSON.stringify(
      clientAttributes("POST", "https://user:pass@lambda.example.com/run?X-Amz-Signature=abc"),
    );
    expect(text).toContain('"/run"');
    expect(text).not.toMatch(/user|pass|Signature/);
  });
});

describe("knownMethod", () => {
  it.each([
    ["POST", "POST"],
    ["post", "_OTHER"],
    ["HELLO", "_OTHER"],
  ])("%s → %s", (method, known) => expect(knownMethod(method)).toBe(known));
});
