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
/** As a proxy on the way answers: it does not distinguish a missing key from a missing namespace. */
const UNKNOWN = "<html>404 page not found</html>";
const kv = () => remoteKv("POLICIES", undefined);

it.each([
  ["with Cloudflare's code", failure(10009, "key not found")],
  ["without a code, in a namespace that can be listed", UNKNOWN],
])("a key that is not there is null: %s", async (_, notFound) => {
  answer = (path) => (path.includes("/values/") ? [404, notFound] : [200, EMPTY_LIST]);
  expect(await kv().get("policy")).toBeNull();
});

it("a namespace that is not there is an error of every call, with Cloudflare's reason", async () => {
  answer = () => [404, failure(10013, "namespace not found")];
  const two = kv();
  const calls: [call: Promise<unknown>, what: string][] = [
    [kv().get("policy"), "read the KV key policy"],
    [Promise.all([two.get("policy"), two.get("policy-history")]), "read the KV keys policy, policy-history"],
    [kv().put("policy", "{}"), "write the KV key policy"],
    [kv().all("key:"), "list the KV keys"],
  ];
  await Promise.all(
    calls.map(([call, what]) =>
      expect(call).rejects.toThrow(
        new RegExp(`^wrangler could not ${what}: .* failed\\. namespace not found \\[code: 10013\\]$`),
      ),
    ),
  );
});

it("is not read as an empty one where its 404 has no code: it cannot be listed either", async () => {
  answer = () => [404, UNKNOWN];
  await expect(kv().get("policy")).rejects.toThrow(/^wrangler could not read the KV key policy: .*\b404\b/);
});
