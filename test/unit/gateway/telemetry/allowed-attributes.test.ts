import { describe, expect, it } from "vitest";
import { allowedAttributes } from "../../../../gateway/telemetry/allowed-attributes.ts";

describe("allowedAttributes", () => {
  it("lets listed keys and Spillway's own through", () => {
    const attributes = {
      "http.route": "/v1/classify",
      "spillway.tokens": 12,
      "spillway.shadow": true,
      "faas.coldstart": false,
    };
    expect(allowedAttributes(attributes)).toEqual(attributes);
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
  ])("keeps %s, which otel-cf-workers sets, from leaving", (key) => {
    expect(allowedAttributes({ [key]: "value" })).toEqual({});
  });

  it.each([
    ["longer than any name or code", "x".repeat(201)],
    ["with a line break", "Dear Sir,\nplease"],
    ["outside ASCII", "Grüße"],
    ["no value at all", undefined],
    ["not a number", Number.NaN],
    ["a list holding one of these", ["ok", "Grüße"]],
    ["a list longer than a batch", Array.from({ length: 65 }, () => "x")],
  ])("keeps a value that is %s from leaving", (_, value) => {
    expect(allowedAttributes({ "spillway.note": value })).toEqual({});
  });
});
