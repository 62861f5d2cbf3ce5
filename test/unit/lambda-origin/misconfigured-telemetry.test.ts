/** True instances of the function whose telemetry settings cannot be obeyed, or whose backend refuses everything. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { OtlpReceiver } from "../../worker/telemetry/otlp-receiver.ts";
import { TrueInstances } from "./true-instances.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const receiver = new OtlpReceiver();
let instances: TrueInstances;
beforeAll(async () => {
  instances = await TrueInstances.prepare(receiver, await receiver.listen());
});
afterAll(async () => {
  await receiver.close();
  await instances.remove();
});
afterEach(() => instances.end());

const EVENT = {
  version: "2.0",
  rawPath: "/",
  headers: { "content-type": "application/json" },
  requestContext: { http: { method: "POST", path: "/" } },
  body: JSON.stringify({ text: "ham", maxTokens: 5_000 }),
};
const linesOf = (printed: string) =>
  printed
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): unknown => JSON.parse(line));

it.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, /^OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4318"; it must be/],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /^OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be/],
  [{ OTEL_EXPORTER_OTLP_HEADERS: "a secret" }, /^OTEL_EXPORTER_OTLP_HEADERS cannot be read/],
])("%j: the function answers 503 and writes the reason to stderr", async (bend, reason) => {
  const { outcomes, printed } = await instances.asked([EVENT], { bend });
  expect(outcomes).toMatchObject([{ kind: "answered", result: { statusCode: 503 } }]);
  expect(linesOf(printed)[0]).toEqual({
    level: "error",
    error_type: "model-unavailable",
    reason: expect.stringMatching(reason),
  });
  expect(printed).not.toContain("secret");
});

it("telemetry that is disabled is not sent, whatever the endpoint", async () => {
  const { outcomes } = await instances.asked([EVENT], { bend: { OTEL_SDK_DISABLED: "TRUE" } });
  expect(outcomes).toMatchObject([{ kind: "answered", result: { statusCode: 200 } }]);
  expect(receiver.everything).toEqual([]);
});

it("a backend that refuses everything changes no answer, and its status is on stderr once per signal", async () => {
  const server = createServer((_, response) => response.writeHead(415).end()).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  const bend = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const { outcomes, printed } = await instances.asked([EVENT, EVENT], { bend });
  server.closeAllConnections();
  server.close();
  expect(outcomes).toMatchObject([{ result: { statusCode: 200 } }, { result: { statusCode: 200 } }]);
  const refused = (signal: string) => ({
    level: "error",
    error_type: "telemetry-refused",
    reason: `the OTLP backend answered 415 to ${signal}, which are lost`,
  });
  expect(linesOf(printed)).toHaveLength(2);
  expect(linesOf(printed)).toEqual(expect.arrayContaining([refused("traces"), refused("logs")]));
});
