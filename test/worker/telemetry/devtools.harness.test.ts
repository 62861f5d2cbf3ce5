/** Against the trace viewer that `npm start` runs: it must accept every export and show one trace over both sides. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { otlpSettings } from "../../../formats/otlp/settings.ts";
import { Exporter } from "../../../lambda-origin/telemetry/exporter.ts";
import { InitClock } from "../../../lambda-origin/telemetry/init-clock.ts";
import { withTelemetry } from "../../../lambda-origin/telemetry/with-telemetry.ts";
import { startFixtureWorker } from "./fixture-worker.ts";

type Viewed = { traceId: string; spans: { spanId: string; parentSpanId?: string; kind: string; name: string }[] };

const DEVTOOLS = fileURLToPath(import.meta.resolve("autotel-devtools")).replace(/index\.js$/, "cli.js");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function startDevtools(): Promise<{ url: string; stop: () => Promise<void> }> {
  const [port, grpcPort] = [await freePort(), await freePort()];
  const args = [DEVTOOLS, String(port), "--host", "127.0.0.1"];
  const env = { ...process.env, AUTOTEL_DEVTOOLS_GRPC_PORT: String(grpcPort), AUTOTEL_DEVTOOLS_DB: ":memory:" };
  const child = spawn(process.execPath, args, { env, stdio: "ignore" });
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/v1/traces`).catch(() => undefined))?.ok === true);
  return {
    url,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

async function until(holds: () => Promise<boolean>, boundMs = 20_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("the condition did not hold in time");
    await new Promise((tick) => setTimeout(tick, 20));
  }
}

/** A proxy that forwards exports to the viewer and keeps its answers. Any other path is the Lambda origin. */
async function startProxy(viewerUrl: string) {
  const statuses: number[] = [];
  /** How many items of each signal the viewer reports as accepted, by path. */
  const accepted = new Map<string, number>();
  const exporter = new Exporter({
    otlp: otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: viewerUrl }),
    flushMs: 5_000,
    pauseMs: 0,
  });
  const origin = withTelemetry(() => Promise.resolve({ statusCode: 200 }), {
    exporter,
    init: new InitClock().finish(),
  });
  const server = createServer(async (request, response) => {
    const { url: path = "" } = request;
    if (!path.startsWith("/v1/")) {
      const event = { headers: request.headers, requestContext: { http: { method: "POST", path: "/" } } };
      response.writeHead((await origin(event, {})).statusCode).end("{}");
      return;
    }
    const { host: _, ...headers } = request.headers;
    const forwarded = httpRequest(viewerUrl + path, { method: "POST", headers }, async (answer) => {
      let body = "";
      for await (const piece of answer.setEncoding("utf8")) body += piece;
      const [items = 0] = Object.values(JSON.parse(body) as Record<string, number>);
      accepted.set(path, (accepted.get(path) ?? 0) + items);
      statuses.push(answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 502).end(body);
    });
    request.pipe(forwarded);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return { url, statuses, accepted, exporter, stop };
}

describe("the local trace viewer", () => {
  it.each(["http/json", "http/protobuf"])(
    "accepts every export over %s and shows Worker and Lambda in one trace",
    async (protocol) => {
      const viewer = await startDevtools();
      const proxy = await startProxy(viewer.url);
      const worker = await startFixtureWorker({
        OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        ORIGIN_URL: proxy.url,
      });
      try {
        const paths = ["/v1/classify", "/children?mark=3", "/broken", "/refused", "/background", "/unknown", "/origin"];
        let traceId = "";
        for (const path of paths) {
          const response = await worker.fetch(path, { method: "POST", body: "text" });
          traceId = response.headers.get("traceresponse")?.split("-")[1] ?? traceId;
        }
        const acceptedOf = (signal: string) => proxy.accepted.get(`/v1/${signal}`) ?? 0;
        await until(async () => acceptedOf("logs") >= paths.length && acceptedOf("metrics") >= 2);
        const viewed = async (): Promise<Viewed["spans"]> => {
          const { traces }: { traces: Viewed[] } = await (await fetch(`${viewer.url}/v1/traces`)).json();
          return traces.find((trace) => trace.traceId === traceId)?.spans ?? [];
        };
        await until(async () => (await viewed()).length >= 5);
        expect(new Set(proxy.statuses)).toEqual(new Set([200]));
        expect(proxy.exporter.dropped).toEqual({ spans: 0, logs: 0 });

        const spans = await viewed();
        const client = spans.find(({ kind }) => kind === "CLIENT");
        const origin = spans.find(({ name, kind }) => kind === "SERVER" && name === "POST /");
        expect(spans).toHaveLength(5); // the fifth is the function's INIT
        expect(origin?.parentSpanId).toBe(client?.spanId);
      } finally {
        await worker.close();
        await proxy.stop();
        await viewer.stop();
      }
    },
    90_000,
  );
});
