/**
 * A bucket with a jurisdiction is another bucket than one of the same name without. `jurisdiction` is read from wrangler.toml; with the real
 * wrangler and a fake Cloudflare API.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { check } from "../../../../../../tools/deploy/checks.ts";
import { readGatewayConfig } from "../../../../../../tools/process/wrangler-config.ts";
import { remoteBucket } from "../../../../../../tools/spillway/model/publish/bucket.ts";
import { type FilledIn, fillIn } from "../../../deploy/filled-in.ts";

// Each call is a process of wrangler.
vi.setConfig({ testTimeout: 120_000 });

const BUCKET = "spillway-production-models";
const NO_NAMESPACE = { success: false, errors: [{ code: 10013, message: "namespace not found" }], result: null };

let scratch: string;
let deployment: FilledIn;
let calls: Pick<IncomingMessage, "method" | "url" | "headers">[] = [];
const server = createServer((request, response) => {
  calls.push(request);
  request.resume();
  const isKv = request.url?.includes("/storage/kv/");
  const body = isKv ? NO_NAMESPACE : { success: true, errors: [], result: {} };
  response.writeHead(isKv ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(body));
});
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-jurisdiction-"));
  deployment = await fillIn(scratch, (toml) =>
    toml.replace(`bucket_name = "${BUCKET}"`, `bucket_name = "${BUCKET}"\njurisdiction = "eu"`),
  );
  server.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  calls = [];
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a-token-of-a-test");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "0".repeat(32));
  vi.stubEnv("SPILLWAY_STATE_DIR", scratch);
});

/** Method, object and jurisdiction of each call of R2. */
const objects = () =>
  calls.flatMap(({ method, url, headers }) => {
    const [, object] = /\/r2\/buckets\/(.*?)(?:\?|$)/.exec(url ?? "") ?? [];
    return object === undefined ? [] : [[method, object, headers["cf-r2-jurisdiction"]]];
  });

it("of an environment of wrangler.toml is written and read in its jurisdiction", async () => {
  const { bucket } = await readGatewayConfig("production", deployment.config);
  await remoteBucket(bucket).put("a/manifest.json", new Uint8Array([1]));
  await remoteBucket(bucket).get("a/manifest.json");
  expect(objects()).toEqual([
    ["PUT", `${BUCKET}/objects/a/manifest.json`, "eu"],
    ["GET", `${BUCKET}/objects/a/manifest.json`, "eu"],
  ]);
  const staging = await readGatewayConfig("staging", deployment.config);
  expect(staging.bucket).toEqual({ bucketName: "spillway-staging-models", jurisdiction: null });
});

it("is where the deploy check looks for the package; a wrong KV namespace is a problem beside it, not an empty one", async () => {
  const { config, controlConfig, modelId } = deployment;
  const noBuild = async () => ({ findings: [], bundle: null });
  const { findings } = await check({ env: "production", config, controlConfig, remote: true }, noBuild);
  const signature = `models/${modelId.replace("@", "/")}/model.sig`;
  expect(objects()).toEqual([["GET", `${BUCKET}/objects/${signature}`, "eu"]]);
  const found = (message: RegExp, next: RegExp) =>
    expect(findings).toContainEqual(
      expect.objectContaining({
        state: "problem",
        message: expect.stringMatching(message),
        next: expect.stringMatching(next),
      }),
    );
  found(
    /^wrangler could not read the stored policy: .* failed\. namespace not found \[code: 10013\]$/,
    /^Compare the id of POLICIES in .* with `npx wrangler kv namespace list`/,
  );
  // The control plane binds the bucket of that name without a jurisdiction.
  found(/; the gateway has spillway-production-models, eu$/, /^Set its bucket_name and jurisdiction to the gateway's/);
});
