/**
 * `npm start` with a package for the origin only, and with another trace backend than the viewer, which refuses everything: what only a real
 * start shows of both.
 */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutEdge, writeTinyPackage } from "../support/model-package.ts";
import {
  allGone,
  askByContract,
  classify,
  descendants,
  launch,
  type Running,
  START,
  start,
  until,
} from "./support/system.ts";

const AUTHORIZATION = "Basic dXNlcjprZXk=";

let folder: string;
let system: Running;
/** Path, key and encoding of each export. */
const exported: [path: string | undefined, authorization: string | undefined, encoding: string | undefined][] = [];
const backend = createServer(({ url, headers }, response) => {
  exported.push([url, headers.authorization, headers["content-type"]]);
  response.writeHead(415).end();
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-origin-only-"));
  await writeTinyPackage(folder, { bend: withoutEdge });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  const { port } = backend.address() as AddressInfo;
  system = await start({
    SPILLWAY_MODEL_DIR: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/otlp`,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${port}/ingest`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/PROTOBUF",
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=${AUTHORIZATION}`,
    // Of the shell, for other programs.
    OTEL_SERVICE_NAME: "mine",
  });
});
afterAll(async () => {
  if (system?.process.exitCode === null) await system.stop();
  backend.closeAllConnections();
  backend.close();
  await rm(folder, { recursive: true, force: true });
});

describe("npm start with a package for the origin only", () => {
  it("is ready, and names the side that answers", () => {
    expect(system.output()).toContain("A short text, answered by the origin (no edge model):");
    expect(system.output().trimEnd().split("\n").at(-1)).toBe(`Spillway is ready: ${system.gateway}/v1/classify`);
  });

  it("answers every text at the origin, with the edge's state as the reason", async () => {
    await until("a text after the isolate has read the package", async () => {
      const { status, headers, body } = await classify(system, "spam");
      expect([status, headers.get("x-spillway-route")]).toEqual([200, "origin"]);
      expect(body[0].map(({ label }: { label: string }) => label).toSorted()).toEqual(["ham", "spam"]);
      return headers.get("x-spillway-because") === "edge-unavailable";
    });
    const { status, body } = await askByContract(system, "/readyz");
    expect(status).toBe(200);
    expect(body).toMatchObject({ ready: true, edge: { state: "rejected", reason: "packed for the origin only" } });
  });
});

describe("npm start with a trace backend", () => {
  it("sends each signal to its address, with basic authentication, in a protocol that is written in upper case", async () => {
    // A refusal's trace is always kept.
    await askByContract(system, "/v1/classify", { method: "POST" });
    const paths = ["/ingest", "/otlp/v1/metrics", "/otlp/v1/traces"];
    await until("an export of each signal", async () =>
      paths.every((path) => exported.some(([sent]) => sent === path)),
    );
    const kinds = new Set(exported.map((kind) => JSON.stringify(kind)));
    expect([...kinds].toSorted().map((kind) => JSON.parse(kind))).toEqual(
      paths.map((path) => [path, AUTHORIZATION, "application/x-protobuf"]),
    );
  });

  it("that refuses everything with 415 serves, and /readyz and the gateway's log have the reason of each signal", async () => {
    const refused = { exported: 0, lastFailure: "http-415" };
    await until("the refusals", async () => {
      const { telemetry } = (await askByContract(system, "/readyz")).body;
      return ["traces", "logs", "metrics"].every((signal) => telemetry[signal].lastFailure !== null);
    });
    const { body } = await askByContract(system, "/readyz");
    expect(body).toMatchObject({ ready: true, telemetry: { traces: refused, logs: refused, metrics: refused } });
    const log = await readFile(join(system.stateFolder, "logs/gateway.log"), "utf8");
    for (const signal of ["traces", "logs", "metrics"]) {
      expect(log).toMatch(
        new RegExp(`OTLP: ${signal} are lost: .* answered 415\\. Set OTEL_EXPORTER_OTLP_PROTOCOL to`),
      );
    }
  });

  it("names a variable of the shell that has no effect, and starts", () => {
    expect(system.output()).toContain("  ! no effect: Spillway does not read OTEL_SERVICE_NAME\n");
  });

  it("refuses settings that cannot be obeyed, all of them in one sentence and without a secret", async () => {
    const given = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "grpc://localhost:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization: Basic c2Vj",
    };
    const refused = await launch(given, START);
    expect(await refused.exited).toBe(1);
    const output = refused.output();
    for (const problem of [
      'OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4318"; it must be an http or https URL; did you mean http://localhost:4318?',
      'OTEL_EXPORTER_OTLP_HEADERS cannot be read: its entry 1 has no header name before "="',
      'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be http/json or http/protobuf',
      'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is "grpc://localhost:4317"; it must be an http or https URL. See docs/guide/',
    ]) {
      expect(output).toContain(problem);
    }
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).not.toContain("c2Vj");
    await refused.stop();
  });
});

it("SIGTERM ends all of it", async () => {
  const pids = await descendants(system);
  expect(pids.length).toBeGreaterThan(2);
  expect(await system.stop("SIGTERM")).toBe(143);
  await allGone(pids);
});
