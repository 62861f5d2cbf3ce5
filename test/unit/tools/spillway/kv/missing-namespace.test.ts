/** A KV namespace whose id in wrangler.toml is wrong is an error, not one that is empty: with the real wrangler and a fake Cloudflare API. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { remoteKv } from "../../../../../tools/spillway/kv/remote-kv.ts";

// Each read is a process of wrangler.
vi.setConfig({ testTimeout: 120_000 });

let server: Server;
let answer: (path: string) => [status: number, body: string];

beforeEach(async () => {
  server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? "");
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a-token-of-a-test");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "0".repeat(32));
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const failure = (code: number, message: string) =>
  JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null });
const EMPTY_LIST = JSON.stringify({ success: true, errors: [], messages: [], result: [], result_info: {} });

it("a key that is not there is null", async () => {
  answer = (path) => (path.includes("/values/") ? [404, failure(10009, "key not found")] : [200, EMPTY_LIST]);
  expect(await remoteKv("POLICIES", undefined).get("policy")).toBeNull();
});

it("a namespace that is not there is an error with Cloudflare's reason", async () => {
  answer = () => [404, failure(10013, "namespace not found")];
  await expect(remoteKv("POLICIES", undefined).get("policy")).rejects.toThrow(
    /^wrangler could not read the KV key policy: .* failed\. namespace not found \[code: 10013\]$/,
  );
});
