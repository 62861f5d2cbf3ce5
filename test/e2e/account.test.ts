/**
 * The Cloudflare account: what `--remote` reads and writes through wrangler, against a small copy of the account's API, and what it asks of
 * the deployed control plane.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { statusOf } from "../../control-plane/rollout/status.ts";
import { modelIdOf } from "../../formats/model-package/names.ts";
import { sha256Hex } from "../../formats/sha256.ts";
import { answerOf, experimentDays } from "../support/ledger-answer.ts";
import { running, START_MS } from "../support/rollout.ts";
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
        let asked = "";
        for await (const chunk of request) asked += String(chunk);
        const keys: string[] = request.method === "POST" ? JSON.parse(asked).keys : [];
        const names = [...values.keys()].filter((name) => name.startsWith("key:")).map((name) => ({ name }));
        const found = Object.fromEntries(keys.map((name) => [name, values.get(name) ?? null]));
        const result = request.method === "POST" ? { values: found } : names;
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
    values.set("policy", '{"version": 1, "edge": {"share": 10}}');
    const words = ["policy", "set", "edge.share", "25", "--remote"];
    expect(await spillway({ stateFolder: folder }, ...words)).toMatch(
      /^version 2: edge\.share 10 → 25\nin force in this location within 35 s, by \S+; everywhere within about 95 s, by \S+: KV needs up to 60 s/,
    );
    expect(JSON.parse(values.get("policy") ?? "")).toMatchObject({ version: 2, edge: { share: 25 } });
    expect(JSON.parse(values.get("policy-history") ?? "").entries).toHaveLength(2);
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

describe("the deployed control plane", () => {
  const TOKEN = "the-operator's-token-of-this-test";
  /** Of the model that serves, and of another one with the same labels. */
  const serving = readFileSync("models/mail-tagger/manifest.json");
  const manifests = new Map([serving, Buffer.concat([serving, Buffer.from("\n")])].map((one) => [sha256Hex(one), one]));
  const MODEL_ID = modelIdOf("mail-tagger", [...manifests.keys()][1] ?? "");
  const rollout = statusOf(running());
  const policy = { name: "4", version: 4, text: '{"version": 4}', document: { version: 4 }, problems: [] };
  const answers: Record<string, unknown> = {
    "/v1/rollouts": { current: rollout, rollouts: [rollout], rollout },
    "/v1/rollouts/1": { rollout, looks: [], events: [{ atMs: START_MS, by: "Ann", what: "started: 10 %, 100 %" }] },
    "/v1/policy": { ...policy, author: "Ann", message: null, time: null },
    "/v1/ledger": answerOf(experimentDays({ textsPerDay: 300 })),
    "/readyz": { origins: { "us-east-1": { problem: "labels-differ" } } },
  };
  for (const change of ["pause", "resume", "abort"]) answers[`/v1/rollouts/current/${change}`] = { rollout };

  const OBJECT =
    /\/r2\/buckets\/spillway-production-models\/objects\/models\/mail-tagger\/([0-9a-f]{64})\/manifest\.json$/;
  let account: Server;
  /** Requests that change something, and their bodies. */
  const changes: [string, unknown][] = [];
  let url: string;
  beforeAll(async () => {
    account = createServer(async (request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? "", "http://account").pathname);
      const [, digest = ""] = OBJECT.exec(path) ?? [];
      const manifest = manifests.get(digest);
      if (manifest !== undefined) {
        response.end(manifest);
        return;
      }
      const isOperator = request.headers.authorization === `Bearer ${TOKEN}`;
      const answer = isOperator ? answers[path] : { error: "Wrong operator token." };
      response.writeHead(!isOperator ? 401 : answer === undefined ? 404 : 200, { "content-type": "application/json" });
      let body = "";
      for await (const chunk of request) body += String(chunk);
      if (request.method === "POST") changes.push([path, JSON.parse(body)]);
      response.end(JSON.stringify(answer ?? { error: "not found" }));
    }).listen(0, "127.0.0.1");
    await once(account, "listening");
    const { port } = account.address() as AddressInfo;
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => {
    account.closeAllConnections();
    account.close();
  });
  beforeEach(() => {
    vi.stubEnv("CLOUDFLARE_API_BASE_URL", `${url}/client/v4`);
    vi.stubEnv("CLOUDFLARE_API_TOKEN", "token");
    vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "account");
  });

  const remote = (...words: string[]) =>
    spillway({ stateFolder: folder, token: TOKEN }, ...words, "--remote", "--env", "production", "--url", url);

  it("shows and steers rollouts; a new model must be in the account's bucket", async () => {
    const by = ["--author", "Ann"];
    await remote("rollout", "start", "share", "--to", "100", "--shadow-first", ...by);
    await remote("rollout", "start", "model", MODEL_ID, ...by);
    for (const change of ["pause", "resume", "abort"]) await remote("rollout", change, ...by);
    expect(changes).toEqual([
      ["/v1/rollouts", { kind: "share", target: 100, shadowFirst: true, author: "Ann" }],
      ["/v1/rollouts", { kind: "model", target: MODEL_ID, author: "Ann" }],
      ...["pause", "resume", "abort"].map((change) => [`/v1/rollouts/current/${change}`, { author: "Ann" }]),
    ]);
    expect(JSON.parse(await remote("rollout", "status", "--json"))).toMatchObject({ id: 1, step: "10 %" });
    expect(await remote("rollout", "history")).toMatch(/#1 +share to 100 %/);
    expect(await remote("rollout", "history", "1")).toMatch(/Ann +started: 10 %, 100 %/);
  });

  it("is asked for its status, beside the gateway's /readyz and wrangler.toml", async () => {
    const printed = await remote("status", "--gateway", url);
    for (const part of [
      /The policy sends 100 % of eligible texts to the edge/,
      /Rollout 1, share to 100 %, is running at step 10 %\./,
      /policy +version 4\n/,
      /! The gateway does not use the origin us-east-1: labels-differ\./,
      /aws lambda get-function-configuration/,
    ])
      expect(printed).toMatch(part);
    const { drift } = JSON.parse(await remote("status", "--gateway", url, "--json"));
    expect(drift).toContainEqual(expect.objectContaining({ what: expect.stringContaining("us-east-1") }));
  });

  it("needs the operator's token and an address; the error names what to set", async () => {
    const words = ["rollout", "status", "--remote", "--env", "production"];
    await expect(spillway({ stateFolder: folder, token: "another" }, ...words, "--url", url)).rejects.toThrow(
      /does not accept the token in OPERATOR_TOKEN\. Set it to the one of wrangler secret put OPERATOR_TOKEN\.$/,
    );
    await expect(spillway({ stateFolder: folder }, ...words)).rejects.toThrow(
      /pass --url https:\/\/spillway-control-production/,
    );
    await expect(spillway({ stateFolder: folder }, "status", "--remote")).rejects.toThrow(
      /pass --env production, or --url/,
    );
  });
});
