/** `/v1/policy` and `/v1/rollouts` for programs: who may change what, conflicts, and bodies that cannot be obeyed. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../control-plane/app.ts";
import { objectKey } from "../../formats/model-package/names.ts";
import { id, manifestWith, originOnly } from "../support/tagger-manifest.ts";
import { eachFromTen, storedPolicy } from "./support/rollout.ts";

eachFromTen();

const OPERATOR_TOKEN = "an-operators-token-of-40-characters-here";
const READ_ONLY_TOKEN = "a-read-only-token-of-40-characters-here!";
const FAILED_AUTH = { limit: async () => ({ success: true }) };

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Sends JSON as the operator, unless another token or body is given. */
async function ask(what: string, body?: unknown, more: { token?: string; type?: string } = {}): Promise<Answer> {
  const { token = OPERATOR_TOKEN, type = "application/json" } = more;
  const [method = "", path = ""] = what.split(" ");
  const request = new Request(`http://localhost:8788${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": type },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const response = await createApp().fetch(request, { ...env, FAILED_AUTH, OPERATOR_TOKEN, READ_ONLY_TOKEN });
  return { status: response.status, body: await response.json() };
}

const edit = (share: number, expectedVersion: string | number) => ({
  ...{ document: { edge: { share, stickyBy: "text" } }, expectedVersion },
  ...{ author: "Ann", message: "why" },
});

describe("/v1/policy", () => {
  it("is read, saved from the version that was read, and rolled back, each as a new version", async () => {
    expect(await ask("GET /v1/policy")).toMatchObject({
      status: 200,
      body: { name: "0", document: null, parses: true },
    });
    expect(await ask("PUT /v1/policy", edit(10, 0))).toMatchObject({ status: 200, body: { name: "1", author: "Ann" } });
    expect(await ask("PUT /v1/policy", edit(20, "1"))).toMatchObject({ status: 200, body: { version: 2 } });
    const rollback = await ask("POST /v1/policy/rollback", { version: "1", expectedVersion: "2" });
    expect(rollback).toMatchObject({ status: 200, body: { name: "3", document: { edge: { share: 10 } } } });
    const { body } = await ask("GET /v1/policy/history");
    expect(body).toMatchObject({
      versions: [{ name: "3", message: "rollback to 1" }, { name: "2" }, { name: "1", author: "Ann", message: "why" }],
    });
  });

  it("is refused before it is stored if a package that it names cannot serve, as is a rollout of that package", async () => {
    const publish = (digit: string, manifest: object) =>
      env.MODELS.put(objectKey(id(digit), "manifest.json"), JSON.stringify(manifest));
    await Promise.all([publish("a", manifestWith(["ham", "spam"])), publish("b", originOnly(["ham", "spam"]))]);
    const candidate = (digit: string) => ({ model: id("a"), candidate: { model: id(digit), share: 10 } });
    const put = (document: object) => ask("PUT /v1/policy", { document, expectedVersion: "0" });
    for (const [document, error] of [
      [candidate("b"), /^The candidate tagger@b+ is packed for the origin only/],
      [candidate("c"), /^tagger@c+ is not in the bucket/],
      [{ model: id("c") }, /^tagger@c+ is not in the bucket/],
    ] as const) {
      expect(await put(document)).toMatchObject({ status: 422, body: { error: expect.stringMatching(error) } });
    }
    expect(await ask("POST /v1/rollouts", { kind: "model", target: id("b") })).toMatchObject({
      status: 422,
      body: { error: expect.stringMatching(/^The candidate tagger@b+ is packed for the origin only/) },
    });
    expect(await storedPolicy()).toBeNull();
    // What an edit outside of spillway stored is not stored again by a rollback.
    await env.POLICIES.put("policy", JSON.stringify(candidate("b")));
    const { body } = await ask("GET /v1/policy");
    expect(await ask("PUT /v1/policy", edit(10, String(body["name"])))).toMatchObject({ status: 200 });
    const rollback = { version: String(body["name"]), expectedVersion: "2" };
    expect(await ask("POST /v1/policy/rollback", rollback)).toMatchObject({ status: 422 });
  });

  it("that another author has saved since is a 409 with the version and its author", async () => {
    await ask("PUT /v1/policy", edit(10, 0));
    await ask("PUT /v1/policy", edit(20, 1));
    expect(await ask("PUT /v1/policy", edit(30, 1))).toMatchObject({
      status: 409,
      body: { error_type: "conflict", present: { name: "2", author: "Ann", document: { edge: { share: 20 } } } },
    });
    expect(await storedPolicy()).toMatchObject({ version: 2 });
  });

  it.each([
    ["a value that is not allowed", edit(700, 0), 422, /edge\.share: 700 is not allowed/],
    ["no version", { document: {} }, 422, /expectedVersion/],
    ["an unknown key", { ...edit(10, 0), force: true }, 422, /force: unknown key/],
    ["no JSON", "{", 400, /not JSON/],
  ])("with %s is refused, and nothing is saved", async (_, body, status, error) => {
    expect(await ask("PUT /v1/policy", body)).toMatchObject({ status, body: { error: expect.stringMatching(error) } });
    expect((await env.POLICIES.list()).keys).toEqual([]);
  });
});

describe("/v1/rollouts", () => {
  const start = { kind: "share", target: 100, steps: [50, 100], author: "Ann" };

  it("starts, shows, pauses, resumes and aborts the rollout", async () => {
    await ask("PUT /v1/policy", edit(0, 0));
    expect(await ask("POST /v1/rollouts", start)).toMatchObject({
      status: 201,
      body: { rollout: { id: 1, kind: "share", target: 100, state: "running", step: "50 %", missing: [] } },
    });
    expect(await ask("POST /v1/rollouts", start)).toMatchObject({ status: 409, body: { error_type: "conflict" } });
    for (const [change, state] of Object.entries({ pause: "paused", resume: "running", abort: "aborted" })) {
      const changed = await ask(`POST /v1/rollouts/current/${change}`, { author: "Bob" });
      expect(changed).toMatchObject({ status: 200, body: { rollout: { state } } });
    }
    expect(await ask("POST /v1/rollouts/current/abort", {})).toMatchObject({ status: 409 });
    expect(await ask("GET /v1/rollouts")).toMatchObject({
      body: { current: null, rollouts: [{ id: 1, state: "aborted" }] },
    });
    expect(await ask("GET /v1/rollouts/1")).toMatchObject({ status: 200, body: { looks: [], rollout: { id: 1 } } });
    expect(await ask("GET /v1/rollouts/2")).toMatchObject({ status: 404 });
  });

  it.each([
    [{ ...start, target: 101 }, /^target: 101 is not allowed; must be a number from 0 to 100/],
    [{ ...start, target: "much" }, /^target: "much" is not allowed; must be a number from 0 to 100/],
    [{ ...start, kind: "model" }, /^target: 100 is not allowed; must be a published model: <name>@<64 hex digits>\.$/],
    [{ ...start, kind: "both" }, /^kind: "both" is not allowed; must be "share" or "model"\.$/],
    [{ ...start, steps: [50, 10] }, /The step 10 is not allowed/],
    [{ ...start, thresholds: { minTexts: 1 } }, /thresholds\.minTexts: unknown key/],
    [{ ...start, lookEveryMs: 10 }, /lookEveryMs/],
  ])("a plan that cannot be obeyed is a 422 with its place: %j", async (body, error) => {
    await ask("PUT /v1/policy", edit(0, 0));
    const refused = await ask("POST /v1/rollouts", body);
    expect(refused).toMatchObject({ status: 422, body: { error: expect.stringMatching(error) } });
  });
});

describe("a change", () => {
  /** Every route of the API that is no GET: a new one is in it. */
  const routes = createApp().routes.filter(
    ({ method, path }) => path.startsWith("/v1/") && !["GET", "ALL"].includes(method),
  );
  const changes = [...new Set(routes.map(({ method, path }) => `${method} ${path}`))];

  it("has these routes", () => {
    expect(changes.sort()).toEqual([
      ...["POST /v1/policy/rollback", "POST /v1/rollouts"],
      ...["abort", "pause", "resume"].map((change) => `POST /v1/rollouts/current/${change}`),
      "PUT /v1/policy",
    ]);
  });

  it.each(changes)("%s needs the operator's token, and JSON, which no form of another page can send", async (what) => {
    expect(await ask(what, {}, { token: READ_ONLY_TOKEN })).toMatchObject({ status: 403 });
    expect(await ask(what, {}, { token: "wrong-token-with-enough-characters" })).toMatchObject({ status: 401 });
    expect(await ask(what, {}, { type: "text/plain" })).toMatchObject({ status: 415 });
  });

  it("is never a GET; what is read needs no more than the read-only token", async () => {
    for (const what of ["DELETE /v1/policy", "GET /v1/policy/rollback", "GET /v1/rollouts/current/pause"])
      expect(await ask(what)).toMatchObject({ status: 405 });
    for (const what of ["GET /v1/policy", "GET /v1/policy/history", "GET /v1/rollouts", "GET /v1/key-uses"])
      expect(await ask(what, undefined, { token: READ_ONLY_TOKEN })).toMatchObject({ status: 200 });
  });
});
