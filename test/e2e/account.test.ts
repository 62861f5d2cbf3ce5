/** KV in the Cloudflare account: what `--remote` reads and writes through wrangler, against a small copy of the account's API. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { spillway } from "./support/spillway.ts";

/** With Cloudflare's code, or wrangler would be run again to see whether the namespace exists. */
const KEY_NOT_FOUND = JSON.stringify({
  success: false,
  errors: [{ code: 10009, message: "key not found" }],
  messages: [],
  result: null,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-account-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

describe("the account's KV", () => {
  let api: Server;
  const values = new Map<string, string>();
  beforeAll(async () => {
    api = createServer(async (request, response) => {
      const key = decodeURIComponent(
        request.url?.match(/\/namespaces\/spillway-(?:policies|keys)\/values\/([^/?]+)/)?.[1] ?? "",
      );
      if (request.method === "PUT") {
        let body = "";
        for await (const chunk of request) body += String(chunk);
        values.set(key, body);
        response.setHeader("content-type", "application/json").end('{"success": true, "result": null, "errors": []}');
        return;
      }
      if (request.url?.includes("/keys?") || request.url?.endsWith("/bulk/get")) {
        const stored = [...values].filter(([name]) => name.startsWith("key:"));
        const names = stored.map(([name]) => ({ name }));
        const result = request.method === "POST" ? { values: Object.fromEntries(stored) } : names;
        const answer = { success: true, result, result_info: { count: names.length, cursor: "" }, errors: [] };
        response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
        return;
      }
      const value = values.get(key);
      if (value !== undefined) response.end(value);
      else response.writeHead(404, { "content-type": "application/json" }).end(KEY_NOT_FOUND);
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
  });
  afterAll(() => void api.close());

  beforeEach(() => {
    const { port } = api.address() as AddressInfo;
    vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}/client/v4`);
    vi.stubEnv("CLOUDFLARE_API_TOKEN", "token");
    vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "account");
  });

  it("is read and written through wrangler with --remote, and the command reports when every location has it", async () => {
    const remote = (...words: string[]) => spillway({ stateFolder: folder }, "policy", ...words, "--remote");
    expect(await remote("set", "edge.share", "25")).toMatch(
      /^version 1: .*\nin force in this location within 35 s, by \S+; everywhere within about 95 s, by \S+: KV needs up to 60 s/,
    );
    expect(JSON.parse(values.get("policy") ?? "")).toMatchObject({ version: 1, edge: { share: 25 } });
    expect(JSON.parse(values.get("policy-history") ?? "").entries).toHaveLength(1);
    expect(await remote("get", "edge.share")).toBe("25");
    api.closeAllConnections();
  });

  it("stores, lists and revokes API keys", async () => {
    const remote = (...words: string[]) => spillway({ stateFolder: folder }, "keys", ...words, "--remote");
    const id = (await remote("create", "--name", "Ann")).slice(4, 16);
    expect(JSON.parse(values.get(`key:${id}`) ?? "")).toMatchObject({ name: "Ann", revokedAt: null });
    expect(await remote("revoke", id)).toMatch(/ \(Ann\) is revoked\. The gateway rejects it within 60 s\.$/);
    expect(JSON.parse(await remote("list", "--json"))).toMatchObject([{ id, name: "Ann", state: "revoked" }]);
    api.closeAllConnections();
  });
});
