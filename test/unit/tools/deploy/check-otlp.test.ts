/** The variables of OpenTelemetry before a deployment: what the gateway would refuse is found, and what it does not read is named. */
import { expect, it } from "vitest";
import { checkVariables } from "../../../../tools/deploy/check-variables.ts";

const MODEL = `tiny@${"0123456789abcdef".repeat(4)}`;
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.spillway.dev" };

function findings(vars: Record<string, unknown>): string[] {
  const config = {
    kv_namespaces: [],
    r2_buckets: [],
    ratelimits: [],
    durable_objects: { bindings: [] },
    vars: { MODEL, ...vars },
  };
  return checkVariables({ environment: "staging", config })
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
      "warning OTEL_SERVICE_NAME: has no effect: the gateway does not read it",
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
