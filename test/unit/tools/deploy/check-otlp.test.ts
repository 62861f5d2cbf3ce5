/** The variables of OpenTelemetry before a deployment: what the gateway would refuse, or would not read, is a problem. */
import { expect, it } from "vitest";
import { checkSecrets, checkVariables } from "../../../../tools/deploy/check-variables.ts";

const MODEL = `tiny@${"0123456789abcdef".repeat(4)}`;
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.spillway.dev" };

const CONFIG = { kv_namespaces: [], r2_buckets: [], ratelimits: [], durable_objects: { bindings: [] } };

function findings(vars: Record<string, unknown>): string[] {
  return checkVariables({ environment: "staging", config: { ...CONFIG, vars: { MODEL, ...vars } } })
    .filter(({ check }) => check !== "MODEL")
    .map(({ check, state, message }) => `${state} ${check}: ${message}`);
}

it.each<[Record<string, unknown>, string[]]>([
  [{}, ["warning OTEL_EXPORTER_OTLP_ENDPOINT: is not set: no traces, logs or metrics are exported"]],
  [ENDPOINT, ['ok OTEL_EXPORTER_OTLP_ENDPOINT: is "https://otlp.spillway.dev"']],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "otlp.spillway.dev" },
    [
      'problem OTEL_EXPORTER_OTLP_ENDPOINT: is "otlp.spillway.dev"; it must be an http or https URL; did you mean https://otlp.spillway.dev?',
    ],
  ],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.spillway.dev/v1/traces" },
    [
      "problem OTEL_EXPORTER_OTLP_ENDPOINT: ends with /v1/traces, but it is the base URL of all signals; set it to https://otlp.spillway.dev, or set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ],
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.spillway.dev/v1/traces" },
    ['ok OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: is "https://traces.spillway.dev/v1/traces"'],
  ],
  [
    { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.spillway.dev/v1/logs?key=secret" },
    ["problem OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: has a query or a fragment; it must be a base URL"],
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" },
    [
      'ok OTEL_EXPORTER_OTLP_ENDPOINT: is "https://otlp.spillway.dev"',
      "problem OTEL_EXPORTER_OTLP_COMPRESSION: is not supported; remove it",
    ],
  ],
  [
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: "console", OTEL_SERVICE_NAME: "mine" },
    [
      'ok OTEL_EXPORTER_OTLP_ENDPOINT: is "https://otlp.spillway.dev"',
      'problem OTEL_TRACES_EXPORTER: is "console"; it must be otlp or none',
      "problem OTEL_SERVICE_NAME: is not supported: the gateway would ignore it",
    ],
  ],
  [
    { ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES: "team=a", OTEL_PROPAGATORS: "" },
    [
      'ok OTEL_EXPORTER_OTLP_ENDPOINT: is "https://otlp.spillway.dev"',
      "problem OTEL_RESOURCE_ATTRIBUTES: is not supported: the gateway would ignore it",
    ],
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/PROTOBUF", OTEL_TRACES_EXPORTER: "OTLP" },
    ['ok OTEL_EXPORTER_OTLP_ENDPOINT: is "https://otlp.spillway.dev"'],
  ],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "collector:4318" },
    [
      'problem OTEL_EXPORTER_OTLP_ENDPOINT: is "localhost:4318"; it must be an http or https URL; did you mean http://localhost:4318?',
      'problem OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: is "collector:4318"; it must be an http or https URL; did you mean http://collector:4318?',
    ],
  ],
  [
    { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" },
    ["warning OTEL_SDK_DISABLED: is true: no traces, logs or metrics are exported"],
  ],
  [
    { OTEL_SDK_DISABLED: "yes" },
    [
      "warning OTEL_EXPORTER_OTLP_ENDPOINT: is not set: no traces, logs or metrics are exported",
      'problem OTEL_SDK_DISABLED: is "yes"; it must be true or false',
    ],
  ],
])("%j", (vars, expected) => {
  expect(findings(vars)).toEqual(expected);
});

it("grpc is a problem with the next step", () => {
  expect(findings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })[1]).toMatch(
    /^problem OTEL_EXPORTER_OTLP_PROTOCOL: is "grpc"; it must be http\/json or http\/protobuf: OTLP over gRPC is not possible/,
  );
});

it("headers with basic authentication are a secret: among the variables they are a problem, and their value is not shown", () => {
  const vars = { MODEL, ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic dXNlcjprZXk=" };
  const found = checkSecrets({ environment: "staging", config: { ...CONFIG, vars } });
  expect(found[0]).toMatchObject({
    state: "problem",
    message: "the variable OTEL_EXPORTER_OTLP_HEADERS has the name of a secret",
    next: expect.stringContaining("`npx wrangler secret put OTEL_EXPORTER_OTLP_HEADERS --env staging`"),
  });
  expect(JSON.stringify([found, findings(vars)])).not.toContain("dXNl");
});
