import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import { CHECKOUT_FOLDER } from "../../../../tools/process/checkout.ts";
import { localSettings, readSettings } from "../../../../tools/process/local-settings.ts";

describe("the ports of npm start", () => {
  it.each([
    [{ SPILLWAY_PORT: "8790" }, "SPILLWAY_PORT and SPILLWAY_ORIGIN_PORT are both 8790"],
    [{ SPILLWAY_ORIGIN_PORT: "4318" }, "SPILLWAY_ORIGIN_PORT and SPILLWAY_OTLP_PORT are both 4318"],
    [{ SPILLWAY_PORT: "4318" }, "SPILLWAY_PORT and SPILLWAY_OTLP_PORT are both 4318"],
    [{ SPILLWAY_CONTROL_PORT: "8787" }, "SPILLWAY_PORT and SPILLWAY_CONTROL_PORT are both 8787"],
  ])("differ: %j", (env, problem) => {
    expect(() => readSettings(env)).toThrow(problem);
  });

  it("may be those of services that are not started", () => {
    const env = { SPILLWAY_PORT: "8790", SPILLWAY_ORIGIN_URL: "https://origin.example/", OTEL_SDK_DISABLED: "true" };
    expect(readSettings(env).gatewayPort).toBe(8790);
  });
});

describe("the telemetry settings of npm start", () => {
  it("name the local viewer unless there is another backend, and do not pass that backend's key to the viewer", () => {
    const { otlp, viewerPort } = readSettings({
      SPILLWAY_OTLP_PORT: "4321",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
    });
    expect([otlp, viewerPort]).toEqual([{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4321" }, 4321]);
  });

  it("pass another backend with its key, encoding and signals", () => {
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

  it("pass the endpoints of single signals, and disabled telemetry, without a viewer", () => {
    for (const given of [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://otlp.example/v1/traces" },
      { OTEL_SDK_DISABLED: "TRUE" },
    ]) {
      const { otlp, viewerPort } = readSettings(given);
      expect([otlp, viewerPort]).toEqual([given, null]);
    }
    for (const value of ["false", " FALSE ", " "]) {
      expect(readSettings({ OTEL_SDK_DISABLED: value, OTEL_EXPORTER_OTLP_ENDPOINT: " " }).viewerPort).toBe(4318);
    }
  });

  it("pass a protocol in upper case and basic authentication, which are read as the specification requires", () => {
    const given = {
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.example/ingest",
      OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/PROTOBUF",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic dXNlcjprZXk=",
    };
    expect(otlpSettings(readSettings(given).otlp)).toEqual({
      targets: {
        logs: {
          url: "https://logs.example/ingest",
          headers: { authorization: "Basic dXNlcjprZXk=" },
          protocol: "http/protobuf",
        },
      },
      problems: [],
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, /^OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4318"; .* did you/],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      /^OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be http\/json or http\/protobuf: .*telemetry-backends\.md\.$/,
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/v1/traces" },
      /^OTEL_EXPORTER_OTLP_ENDPOINT ends with \/v1\/traces, .* or set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\. /,
    ],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "localhost:4318" }, /^OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is "localhost:4318"; /],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example", OTEL_EXPORTER_OTLP_HEADERS: "Authorization: Basic c2Vj" },
      /^OTEL_EXPORTER_OTLP_HEADERS cannot be read: its entry 1 has no header name before "="/,
    ],
    [{ OTEL_SDK_DISABLED: "yes" }, /^OTEL_SDK_DISABLED is "yes"; it must be true or false/],
  ])("refuse %j before anything is started", (given, sentence) => {
    expect(() => readSettings(given)).toThrow(sentence);
  });
});

describe("the access settings of npm start", () => {
  it("allow anonymous callers and no web page by default", () => {
    const { access, cors } = readSettings({});
    expect([access, cors]).toEqual([{ ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "unlimited" }, {}]);
  });

  it.each([
    ["ANONYMOUS_ACCESS", "yes", "it must be one of refused, allowed."],
    ["ANONYMOUS_RATE", "huge", "it must be one of small, standard, large, unlimited."],
  ])("%s is refused with %j, which the gateway could not obey", (name, value, allowed) => {
    expect(() => readSettings({ [name]: value })).toThrow(`${name} is "${value}"; ${allowed}`);
    expect(() => readSettings({ [name]: "" })).not.toThrow();
  });

  it.each([
    ["localhost:8790", "is not an https URL"],
    ["file:///etc/hosts", "is not an https URL"],
    ["http://10.255.255.1:9/", "is http, which is accepted for this machine (loopback) only"],
    ["https://user:secret@origin.example/", "contains credentials"],
  ])("SPILLWAY_ORIGIN_URL is refused with %j, with the reason and without the value", (url, reason) => {
    const read = () => readSettings({ SPILLWAY_ORIGIN_URL: url });
    expect(read).toThrow(`SPILLWAY_ORIGIN_URL ${reason}`);
    expect(read).not.toThrow(url);
    expect(() => readSettings({ SPILLWAY_ORIGIN_URL: "" })).not.toThrow();
  });

  it("are passed unchanged from the environment", () => {
    const access = { ANONYMOUS_ACCESS: "refused", ANONYMOUS_RATE: "small", OPERATOR_TOKEN: "only a test" };
    const cors = { CORS_ORIGINS: "https://app.example, http://localhost:3000" };
    expect(readSettings({ ...access, ...cors, PATH: "/bin" })).toMatchObject({ access, cors });
  });
});

it("the local state is in the checkout, whatever folder a command runs in", () => {
  const { stateFolder, persistFolder } = localSettings({});
  expect(stateFolder).toBe(join(CHECKOUT_FOLDER, ".spillway"));
  expect(persistFolder).toBe(join(CHECKOUT_FOLDER, ".wrangler/state"));
  expect(localSettings({ SPILLWAY_STATE_DIR: "/elsewhere" }).stateFolder).toBe("/elsewhere");
});
