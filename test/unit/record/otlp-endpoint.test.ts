import { describe, expect, it } from "vitest";
import * as gateway from "../../../gateway/record/otlp-endpoint.ts";
import * as origin from "../../../lambda-origin/telemetry/otlp.ts";

// Both sides read the same variables and must understand them alike.
describe.each([
  ["gateway", gateway.tracesUrl, gateway.parseOtlpHeaders],
  ["origin", origin.tracesUrl, origin.otlpHeaders],
])("OTLP variables, %s", (_, tracesUrl, parseHeaders) => {
  it.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
    ["http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"],
    ["https://api.example.com/otlp", "https://api.example.com/otlp/v1/traces"],
    ["", undefined],
    [undefined, undefined],
    ["127.0.0.1:4318", undefined],
    ["ftp://example.com", undefined],
    ["http://", undefined],
  ])("endpoint %s → %s", (endpoint, url) => expect(tracesUrl(endpoint)).toBe(url));

  it.each([
    ["x-honeycomb-team=abc", { "x-honeycomb-team": "abc" }],
    ["Authorization=Basic%20dTpw==, x-a = 1 ", { authorization: "Basic dTpw==", "x-a": "1" }],
    ["a=%E0%A4%A", { a: "%E0%A4%A" }],
    ["nonsense,=x,,sp ace=1", {}],
    ["", {}],
    [undefined, {}],
  ])("headers %s → %o", (list, headers) => expect(parseHeaders(list)).toEqual(headers));
});
