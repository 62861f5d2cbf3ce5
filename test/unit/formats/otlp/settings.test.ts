import { describe, expect, it } from "vitest";
import { type OtlpVariables, otlpSettings } from "../../../../formats/otlp/settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example" };
const urlsOf = (variables: OtlpVariables) => {
  const { targets, problems } = otlpSettings(variables);
  expect(problems).toEqual([]);
  return Object.fromEntries(Object.entries(targets).map(([signal, { url }]) => [signal, url]));
};
const problemsOf = (variables: object) => {
  const { targets, problems } = otlpSettings(variables);
  if (problems.length > 0) expect(targets).toEqual({});
  return problems.map(({ name, message }) => `${name} ${message}`);
};
const everywhere = (base: string) => ({
  traces: `${base}/v1/traces`,
  logs: `${base}/v1/logs`,
  metrics: `${base}/v1/metrics`,
});

describe("the endpoint", () => {
  it("is a base under which every signal has its place, query kept", () => {
    expect(urlsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/otlp/?tenant=a" })).toEqual({
      traces: "https://otlp.example/otlp/v1/traces?tenant=a",
      logs: "https://otlp.example/otlp/v1/logs?tenant=a",
      metrics: "https://otlp.example/otlp/v1/metrics?tenant=a",
    });
  });

  it.each([" https://otlp.example\n", "\ufeffhttps://otlp.example", "HTTPS://otlp.example/"])(
    "%j is read without white space and byte order mark",
    (endpoint) => {
      expect(urlsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual(everywhere("https://otlp.example"));
    },
  );

  it.each([undefined, "", "  "])("%j: nothing is exported", (endpoint) => {
    expect(urlsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual({});
  });

  it.each([
    ["localhost:4318", 'is "localhost:4318"; it must be an http or https URL; did you mean http://localhost:4318?'],
    ["collector:4318/otlp", /did you mean http:\/\/collector:4318\/otlp\?$/],
    ["127.0.0.1:4318", /did you mean http:\/\/127\.0\.0\.1:4318\?$/],
    ["[::1]:4318", /did you mean http:\/\/\[::1\]:4318\?$/],
    ["api.honeycomb.io", /did you mean https:\/\/api\.honeycomb\.io\?$/],
    ["api.honeycomb.io:443", /did you mean https:\/\/api\.honeycomb\.io:443\?$/],
    ["grpc://localhost:4317", 'is "grpc://localhost:4317"; it must be an http or https URL'],
    ["ftp://x?key=secret", 'is "ftp://x"; it must be an http or https URL'],
    ['"https://otlp.example"', /^is ".*"; it must be an http or https URL$/],
    ["not a url", "must be an http or https URL"],
    ["glc_secret", "must be an http or https URL"],
    ["user:secret@otlp.example", "must be an http or https URL"],
    ["https://user:secret@otlp.example", /^contains credentials; send them in OTEL_EXPORTER_OTLP_HEADERS/],
    [
      "https://otlp.example/otlp/v1/traces",
      "ends with /v1/traces, but it is the base URL of all signals; set it to https://otlp.example/otlp, or set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ],
    [
      "https://otlp.example/v1/metrics/",
      /set it to https:\/\/otlp\.example, or set OTEL_EXPORTER_OTLP_METRICS_ENDPOINT$/,
    ],
  ])("%j is refused", (endpoint, problem) => {
    const [found = "", ...more] = problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect(more).toEqual([]);
    expect(found).toMatch(/^OTEL_EXPORTER_OTLP_ENDPOINT /);
    const message = found.replace("OTEL_EXPORTER_OTLP_ENDPOINT ", "");
    if (typeof problem === "string") expect(message).toBe(problem);
    else expect(message).toMatch(problem);
    expect(message).not.toContain("secret");
  });
});

describe("one signal's variables", () => {
  it("replace the general ones, and the endpoint is used as it is", () => {
    const { targets } = otlpSettings({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=a",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/ingest?tenant=a",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=b",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/protobuf",
    });
    expect(targets).toEqual({
      traces: { url: "https://traces.example/ingest?tenant=a", headers: { "api-key": "b" }, protocol: "http/json" },
      logs: { url: "https://otlp.example/v1/logs", headers: { "api-key": "a" }, protocol: "http/json" },
      metrics: { url: "https://otlp.example/v1/metrics", headers: { "api-key": "a" }, protocol: "http/protobuf" },
    });
  });

  it("are enough: a signal without an endpoint is not exported", () => {
    expect(urlsOf({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://logs:4318" })).toEqual({ logs: "http://logs:4318/" });
    expect(urlsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t.example/v1/traces" })).toEqual({
      traces: "https://t.example/v1/traces",
    });
  });

  it("are checked like the general ones", () => {
    expect(
      problemsOf({
        ...ENDPOINT,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "localhost:4318",
        OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc",
        OTEL_EXPORTER_OTLP_METRICS_HEADERS: "secret",
      }).map((problem) => problem.replace(/(is|cannot) .*/, "$1")),
    ).toEqual([
      "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is",
      "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is",
      "OTEL_EXPORTER_OTLP_METRICS_HEADERS cannot",
    ]);
  });
});

describe("a signal's exporter", () => {
  it("none turns it off", () => {
    expect(
      urlsOf({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger:4318",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: " None",
        OTEL_TRACES_EXPORTER: "OTLP",
      }),
    ).toEqual({ traces: "http://jaeger:4318/v1/traces" });
  });

  it.each(["console", "zipkin", "otlp,console"])("%s is refused", (exporter) => {
    expect(problemsOf({ ...ENDPOINT, OTEL_TRACES_EXPORTER: exporter })).toEqual([
      `OTEL_TRACES_EXPORTER is "${exporter}"; it must be otlp or none`,
    ]);
  });
});

describe("OTEL_SDK_DISABLED", () => {
  it.each(["true", "TRUE", " True "])("%j exports nothing, whatever else is set", (value) => {
    expect(urlsOf({ ...ENDPOINT, OTEL_SDK_DISABLED: value, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toEqual({});
  });

  it.each(["false", "FALSE", "", undefined])("%j exports", (value) => {
    expect(urlsOf({ ...ENDPOINT, OTEL_SDK_DISABLED: value })).toEqual(everywhere("https://otlp.example"));
  });

  it.each(["1", "yes"])("%j, which the specification reads as false, is refused", (value) => {
    expect(problemsOf({ ...ENDPOINT, OTEL_SDK_DISABLED: value })).toEqual([
      `OTEL_SDK_DISABLED is "${value}"; it must be true or false`,
    ]);
  });
});

describe("the headers", () => {
  const headersOf = (list: string) =>
    otlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: list }).targets.traces?.headers;

  it.each([
    ["X-Honeycomb-Team=abc, x-b = 2 ,", { "x-honeycomb-team": "abc", "x-b": "2" }],
    ["authorization=Basic%20dXNlcjprZXk%3D", { authorization: "Basic dXNlcjprZXk=" }],
    ["Authorization=Basic dXNlcjprZXk=", { authorization: "Basic dXNlcjprZXk=" }],
    ["Authorization=Bearer%20a%2Cb", { authorization: "Bearer a,b" }],
    ["api-key=abc\n", { "api-key": "abc" }],
    ["\ufeffapi-key=abc", { "api-key": "abc" }],
    ["empty=", { empty: "" }],
    ["percent=50%", { percent: "50%" }],
  ])("%j", (list, headers) => {
    expect(headersOf(list)).toEqual(headers);
  });

  it.each([
    ["secret", /its entry 1 has no header name before "="/],
    ["Authorization: Basic c2VjcmV0", /its entry 1 has no header name before "="/],
    ["Authorization=Bearer a,secret", /its entry 2 has no header name before "="; .* a comma in a value as %2C$/],
    ["=secret", /its entry 1 has no header name/],
    ['"api-key=secret"', /its entry 1 has no header name/],
    ['api-key="secret"', /the value of api-key is in quotes; remove them$/],
    ["api-key=a%0Asecret", /the value of api-key has a line break/],
    ["api-key=a\nsecret", /the value of api-key has a line break/],
    ["api-key=secret€", /a character that no header can have$/],
    ["api-key=a,API-Key=secret", /it names the header api-key twice$/],
  ])("%j is refused without its values", (list, problem) => {
    const [found = ""] = problemsOf({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: list });
    expect(found).toMatch(/^OTEL_EXPORTER_OTLP_HEADERS cannot be read: /);
    expect(found).toMatch(problem);
    expect(found).not.toMatch(/secret|c2Vj/);
  });
});

describe("the protocol", () => {
  it.each([
    [undefined, "http/json"],
    ["http/json", "http/json"],
    ["http/protobuf", "http/protobuf"],
    ["HTTP/PROTOBUF", "http/protobuf"],
    [" Http/Json\n", "http/json"],
  ])("%j is %s", (asked, protocol) => {
    const { targets } = otlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: asked });
    expect(targets.traces?.protocol).toBe(protocol);
  });

  it.each(["grpc", "GRPC"])("%s is refused with the next step, once for all signals", (asked) => {
    expect(problemsOf({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: asked })).toEqual([
      `OTEL_EXPORTER_OTLP_PROTOCOL is "${asked}"; it must be http/json or http/protobuf: OTLP over gRPC is not possible in a Worker; use the backend's OTLP/HTTP endpoint, usually port 4318`,
    ]);
  });

  it("of another name is refused", () => {
    expect(problemsOf({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "protobuf" })).toEqual([
      'OTEL_EXPORTER_OTLP_PROTOCOL is "protobuf"; it must be http/json or http/protobuf',
    ]);
  });
});

describe("other variables of the specification", () => {
  it("that would change an export are refused", () => {
    expect(
      problemsOf({
        ...ENDPOINT,
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "1000",
        OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
      }),
    ).toEqual([
      "OTEL_EXPORTER_OTLP_COMPRESSION is not supported; remove it",
      "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is not supported; remove it",
      "OTEL_EXPORTER_OTLP_CERTIFICATE is not supported; remove it",
    ]);
  });

  it("that change nothing are accepted", () => {
    const variables = {
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_INSECURE: "true",
      OTEL_LOG_LEVEL: "",
    };
    expect(problemsOf({ ...ENDPOINT, ...variables })).toEqual([]);
  });
});

it("a value that is not text is refused", () => {
  expect(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 4318 })).toEqual(["OTEL_EXPORTER_OTLP_ENDPOINT must be a string"]);
});
