import { describe, expect, it } from "vitest";
import { readSettings } from "../../../../tools/process/local-settings.ts";

describe("telemetry, as npm start hands it to both sides", () => {
  it("goes to the local viewer unless another backend is named, and takes no key there that was meant for one", () => {
    const { otlp, viewerPort } = readSettings({
      SPILLWAY_OTLP_PORT: "4321",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
    });
    expect([otlp, viewerPort]).toEqual([{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4321" }, 4321]);
  });

  it("goes to another backend with all that it needs: key, encoding, signals", () => {
    const given = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
    };
    const { otlp, viewerPort } = readSettings({ ...given, PATH: "/bin", OTEL_LOG_LEVEL: "debug" });
    expect([otlp, viewerPort]).toEqual([given, null]);
  });
});

describe("who may call, as npm start hands it to the gateway", () => {
  it("is everybody, and no web page, unless the environment says otherwise", () => {
    const { access, cors } = readSettings({});
    expect([access, cors]).toEqual([{ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "unlimited" }, {}]);
  });

  it("is what the environment says, letter by letter: it is the gateway that judges it", () => {
    const access = { ANONYMOUS_ACCESS: "refused", ANONYMOUS_RATE: "small", OPERATOR_TOKEN: "only a test" };
    const cors = { CORS_ORIGINS: "https://app.example, http://localhost:3000" };
    expect(readSettings({ ...access, ...cors, PATH: "/bin" })).toMatchObject({ access, cors });
  });
});
