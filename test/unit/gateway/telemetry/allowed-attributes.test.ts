import { describe, expect, it } from "vitest";
import { keyValues } from "../../../../formats/otlp/attributes.ts";
import { allowedAttributes } from "../../../../gateway/telemetry/allowed-attributes.ts";

describe("allowedAttributes", () => {
  it("passes listed keys and Spillway's own", () => {
    const attributes = {
      "http.route": "/v1/classify",
      "spillway.tokens": 12,
      "spillway.shadow": true,
      "faas.coldstart": false,
    };
    expect(allowedAttributes(attributes)).toEqual(keyValues(attributes));
  });

  it.each([
    "url.full",
    "url.query",
    "http.url",
    "user_agent.original",
    "net.asn",
    "net.country",
    "cf.colo",
    "client.address",
    "faas.invocation_id",
    "http.mime_type",
    "db.statement",
    "db.cf.kv.key",
    "exception.message",
    "exception.stacktrace",
  ])("drops %s, which otel-cf-workers sets", (key) => {
    expect(allowedAttributes({ [key]: "value" })).toEqual([]);
  });

  it.each([
    ["longer than 200 characters", "x".repeat(201)],
    ["of two lines", "Dear Sir,\nplease"],
    ["outside ASCII", "Grüße"],
    ["undefined", undefined],
    ["empty", ""],
    ["NaN", Number.NaN],
    ["a list holding one of these", ["ok", "Grüße"]],
    ["a list longer than a batch", Array.from({ length: 65 }, () => "x")],
  ])("drops a value that is %s", (_, value) => {
    expect(allowedAttributes({ "spillway.problem": value })).toEqual([]);
  });
});
