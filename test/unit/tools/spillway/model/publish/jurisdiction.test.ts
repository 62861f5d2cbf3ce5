/** A bucket with a jurisdiction is another bucket than one of the same name without: with the real wrangler and a fake Cloudflare API. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { readPublishedSignature } from "../../../../../../tools/deploy/remote.ts";
import { jurisdictionOption } from "../../../../../../tools/process/wrangler-config.ts";
import { remoteBucket } from "../../../../../../tools/spillway/model/publish/bucket.ts";

// Each call is a process of wrangler.
vi.setConfig({ testTimeout: 120_000 });

const calls: Pick<IncomingMessage, "method" | "url" | "headers">[] = [];
const server = createServer((request, response) => {
  calls.push(request);
  request.resume();
  response.writeHead(200, { "content-type": "application/json" }).end('{"success": true, "errors": [], "result": {}}');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

it("is written and read in its jurisdiction", async () => {
  server.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a-token-of-a-test");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "0".repeat(32));
  const bucket = { bucketName: "models", jurisdiction: "eu" };
  await remoteBucket(bucket).put("a/manifest.json", new Uint8Array([1]));
  await readPublishedSignature(bucket, `tiny@${"a".repeat(64)}`);
  const objects = calls.filter(({ url }) => url?.includes("/r2/buckets/models/objects/"));
  expect(objects.map(({ method, headers }) => [method, headers["cf-r2-jurisdiction"]])).toEqual([
    ["PUT", "eu"],
    ["GET", "eu"],
  ]);
  expect(jurisdictionOption(null)).toEqual([]);
});
