import { describe, expect, it } from "vitest";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";

describe("OTLP's variables", () => {
  it("name a base under which every signal has its place, query kept", () => {
    const { urls } = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/otlp/?tenant=a" });
    expect(urls).toEqual({
      traces: "https://otlp.example/otlp/v1/traces?tenant=a",
      logs: "https://otlp.example/otlp/v1/logs?tenant=a",
      metrics: "https://otlp.example/otlp/v1/metrics?tenant=a",
    });
  });

  it.each([undefined, "", "  ", "localhost:4318", "ftp://x", "not a url"])("%j turns exporting off", (endpoint) => {
    expect(otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).urls).toEqual({});
  });

  it("leave out a signal whose exporter is none", () => {
    const { urls } = otlpSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger:4318",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: " none",
      OTEL_TRACES_EXPORTER: "otlp",
    });
    expect(urls).toEqual({ traces: "http://jaeger:4318/v1/traces" });
  });

  it("give headers in W3C Baggage form, without the entries that are none", () => {
    const { headers } = otlpSettings({
      OTEL_EXPORTER_OTLP_HEADERS: "X-Honeycomb-Team=abc, authorization=Basic%20dXNlcjprZXk%3D,nothing,=x,bad%=%zz",
    });
    expect(headers).toEqual({ "x-honeycomb-team": "abc", authorization: "Basic dXNlcjprZXk=", "bad%": "%zz" });
  });

  it.each([
    [undefined, "http/json"],
    ["http/json", "http/json"],
    ["http/protobuf", "http/protobuf"],
    ["grpc", "http/json"],
  ])("protocol %j is %s", (asked, protocol) => {
    expect(otlpSettings({ OTEL_EXPORTER_OTLP_PROTOCOL: asked }).protocol).toBe(protocol);
  });
});
