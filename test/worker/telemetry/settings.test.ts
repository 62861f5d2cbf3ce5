/**
 * OpenTelemetry variables of the Worker: obeyed as the specification requires, or refused. /readyz and the Worker's log name what cannot be obeyed,
 * and a backend that refuses.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OtlpVariables } from "../../../formats/otlp/settings.ts";
import { composeGateway } from "../../../gateway/compose.ts";
import { CREDENTIALS } from "../../support/credentials.ts";
import { ask, classify, get, handClock, settled } from "../support/gateway.ts";

interface Details {
  ready: boolean;
  problems: string[];
  telemetry: Record<string, { exported: number; dropped: number; lastFailure: string | null }>;
}

const noEngine = { unavailable: "this test runs no model" };

/** What was sent to the backend, and how. */
const exported: { url: string; authorization: string | null; contentType: string | null }[] = [];
beforeEach(() => void exported.splice(0));

function gatewayWith(variables: OtlpVariables, status = 200) {
  return composeGateway(
    {
      ...env,
      ...CREDENTIALS,
      ORIGIN_REGION: "us-east-1",
      MODEL: "mail-tagger@none",
      ORIGIN_URL: "https://origin.example/",
      ...variables,
    },
    {
      clock: { ...handClock(), wait: async () => {} },
      random: () => 0.5,
      newId: () => "id",
      fetch: async (url, init) => {
        const isBackend = new URL(String(url)).hostname === "otlp.example";
        const headers = new Headers(init?.headers);
        const [authorization, contentType] = [headers.get("authorization"), headers.get("content-type")];
        if (isBackend) exported.push({ url: String(url), authorization, contentType });
        return new Response("{}", { status: isBackend ? status : 500 });
      },
      engines: { "spillway-engine": noEngine, "onnxruntime-web": noEngine },
    },
  );
}

describe("variables of OpenTelemetry that cannot be obeyed", () => {
  it.each<[OtlpVariables, string]>([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT is"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/v1/traces" }, "OTEL_EXPORTER_OTLP_ENDPOINT ends with"],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "OTEL_EXPORTER_OTLP_PROTOCOL is"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "localhost:4318" }, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is"],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a secret" }, "OTEL_EXPORTER_OTLP_HEADERS cannot be read"],
  ])("%j: 503 for every request, and the name in /readyz and the log", async (variables, problem) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const gateway = gatewayWith(variables);
    expect((await classify(gateway, "hello")).status).toBe(503);
    const response = await get(gateway, "/readyz");
    const { ready, problems } = await response.json<Details>();
    expect([response.status, ready, problems]).toEqual([503, false, [expect.stringContaining(problem)]]);
    expect(log.mock.calls.flat()).toEqual([expect.stringContaining(problem)]);
    log.mockRestore();
  });
});

describe("variables of OpenTelemetry that are obeyed", () => {
  /** Of one refused request, whose trace is kept: each kind of export once, in the order of the addresses. */
  async function exportsWith(variables: OtlpVariables) {
    const gateway = gatewayWith(variables);
    await ask(gateway, new Request("http://gateway/v1/classify", { method: "POST" }));
    await settled();
    expect((await (await get(gateway, "/readyz")).json<Details>()).problems).toEqual([]);
    await settled();
    const kinds = new Map(exported.map((one) => [JSON.stringify(one), one]));
    return [...kinds.values()].toSorted((one, other) => one.url.localeCompare(other.url));
  }
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example/otlp" };

  it("one signal's endpoint as it is, basic authentication, and a protocol in upper case", async () => {
    const exports = await exportsWith({
      ...base,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://otlp.example/ingest",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic dXNlcjprZXk=",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "HTTP/PROTOBUF",
    });
    const authorization = "Basic dXNlcjprZXk=";
    expect(exports).toEqual([
      { url: "https://otlp.example/ingest", authorization, contentType: "application/json" },
      { url: "https://otlp.example/otlp/v1/logs", authorization, contentType: "application/x-protobuf" },
      { url: "https://otlp.example/otlp/v1/metrics", authorization, contentType: "application/json" },
    ]);
  });

  it.each([
    [{ OTEL_SDK_DISABLED: "TRUE" }, []],
    [{ OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "NONE" }, ["https://otlp.example/otlp/v1/metrics"]],
  ])("%j sends %j", async (variables, urls) => {
    expect((await exportsWith({ ...base, ...variables })).map(({ url }) => url)).toEqual(urls);
  });
});

it.each([415, 405, 401])("a backend that answers %i to everything is in /readyz and in the log", async (status) => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const gateway = gatewayWith({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example" }, status);
  await ask(gateway, new Request("http://gateway/v1/classify", { method: "POST" }));
  await settled();
  const { telemetry, problems } = await (await get(gateway, "/readyz")).json<Details>();
  expect(problems).toEqual([]);
  for (const signal of ["traces", "logs", "metrics"]) {
    expect(telemetry[signal]).toMatchObject({ exported: 0, lastFailure: `http-${status}` });
    expect(telemetry[signal]?.dropped).toBeGreaterThan(0);
    const line = expect.stringContaining(
      `OTLP: ${signal} are lost: https://otlp.example/v1/${signal} answered ${status}.`,
    );
    expect(log.mock.calls.flat()).toContainEqual(line);
  }
  log.mockRestore();
  await settled();
});
