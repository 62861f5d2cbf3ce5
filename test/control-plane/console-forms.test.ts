/** The console's forms: what they change, and what they refuse. Without a browser. */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { objectKey } from "../../formats/model-package/names.ts";
import { id, originOnly } from "../support/tagger-manifest.ts";
import { newConsole, textOf } from "./support/console.ts";
import { root, setTime, TEN } from "./support/ledger.ts";

const { get, post, signIn } = newConsole();

beforeEach(() => setTime(TEN));
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

describe("the policy", () => {
  const save = async (cookie: string, share: number, expected: string) =>
    post(
      "/policy/save",
      { text: JSON.stringify({ edge: { share } }), expected, author: "Ann", message: "try" },
      { cookie },
    );

  it("is refused with the place of each mistake, and the text is kept", async () => {
    const cookie = await signIn();
    const text = '{"edge": {"share": 1000, "stickBy": "text"}}';
    const response = await post("/policy/review", { text, expected: "0" }, { cookie });
    expect(response.status).toBe(422);
    const page = await response.text();
    expect(page).toContain("edge.share: 1000 is not allowed; must be a number from 0 to 100");
    expect(page).toContain("stickBy");
    expect(page).toContain("&quot;stickBy&quot;: &quot;text&quot;");
  });

  it("is refused before it is stored if a package that it names cannot serve, and the text is kept", async () => {
    const cookie = await signIn();
    await env.MODELS.put(objectKey(id("b"), "manifest.json"), JSON.stringify(originOnly(["ham", "spam"])));
    const text = JSON.stringify({ candidate: { model: id("b"), share: 10 } });
    const response = await post("/policy/save", { text, expected: "0" }, { cookie });
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(
      /The candidate tagger@b+ is packed for the origin only[\s\S]*&quot;share&quot;:10/,
    );
    const rollout = await post("/rollouts/start", { kind: "model", model: id("b"), expected: "0" }, { cookie });
    expect(rollout.status).toBe(422);
    expect(await rollout.text()).toContain("is packed for the origin only");
    expect(await env.POLICIES.get("policy")).toBeNull();
  });

  it("is reviewed as a difference, saved as a new version with its author and reason, and rolled back as another", async () => {
    const cookie = await signIn();
    const review = await textOf(post("/policy/review", { text: '{"edge":{"share":10}}', expected: "0" }, { cookie }));
    expect(review).toContain("<code>edge.share</code> <del>100 (default)</del> → <ins>10</ins>");
    const saved = await save(cookie, 10, "0");
    expect(saved.headers.get("location")).toBe("/policy?saved=1");
    await save(cookie, 20, "1");
    expect(JSON.parse((await env.POLICIES.get("policy")) ?? "")).toMatchObject({ version: 2, edge: { share: 20 } });
    const page = await textOf(get("/policy/versions/1", { cookie }));
    expect(page).toContain("Save version 1 again as the newest");
    const rolledBack = await post("/policy/rollback", { to: "1", expected: "2" }, { cookie });
    expect(rolledBack.headers.get("location")).toBe("/policy?saved=3");
    expect(JSON.parse((await env.POLICIES.get("policy")) ?? "")).toMatchObject({ version: 3, edge: { share: 10 } });
    const history = await textOf(get("/policy", { cookie }));
    expect(history).toContain("rollback to 1");
    expect(history).toContain("<td>Ann</td>");
  });

  it("is not rolled back by a page that is older than the stored version: 409, and nothing is saved", async () => {
    const cookie = await signIn();
    for (const version of [0, 1, 2]) await save(cookie, 10 * (version + 1), String(version));
    const late = await post("/policy/rollback", { to: "1", expected: "2" }, { cookie });
    expect(late.status).toBe(409);
    const page = await late.text();
    expect(page).toContain(
      "Conflict: the change was made from version 2, and Ann saved version 3 since. Nothing was saved.",
    );
    expect(page).toContain('name="expected" value="3"');
    expect(JSON.parse((await env.POLICIES.get("policy")) ?? "")).toMatchObject({ version: 3, edge: { share: 30 } });
  });

  it("is edited from the version in force while the stored one is rejected, which is stated and stays in the history", async () => {
    const cookie = await signIn();
    const rule = { rules: [{ countries: ["EU"], allow: ["edge"] }] };
    await post("/policy/save", { text: JSON.stringify({ residency: rule }), expected: "0" }, { cookie });
    const broken = '{"version": 40, "edge": {"share": 700}}';
    await env.POLICIES.put("policy", broken);
    const page = await textOf(get("/policy", { cookie }));
    expect(page).toMatch(
      /Gateways reject it: edge\.share: 700 is not allowed[^<]*Version 1 is in force, and every edit/,
    );
    expect(page).toMatch(/made from version 1[\s\S]*name="expected" value="40"[\s\S]*&quot;countries&quot;/);
    const review = await textOf(post("/policy/review", { text: '{"edge":{"share":9}}', expected: "40" }, { cookie }));
    expect(review).toContain("against version 1");
    expect(review).toMatch(
      /<li>texts from the EU may go to both sides; before, they could go only to the edge<\/li><li><code>edge\.share<\/code> <del>100 \(default\)/,
    );
    const saved = await post("/policy/save", { text: JSON.stringify({ residency: rule }), expected: "40" }, { cookie });
    expect(saved.headers.get("location")).toBe("/policy?saved=41");
    expect(await textOf(get("/policy/versions/40", { cookie }))).toContain("&quot;share&quot;: 700");
  });

  it("that another author saved since is a conflict, shown as both differences; the text can be reviewed against it", async () => {
    const cookie = await signIn();
    await save(cookie, 10, "0");
    await save(cookie, 20, "1");
    const response = await post("/policy/save", { text: '{"edge":{"share":30}}', expected: "1" }, { cookie });
    expect(response.status).toBe(409);
    const page = await response.text();
    expect(page).toContain("Ann saved version 2 after you started from version 1. Nothing was saved.");
    expect(page).toContain("<del>10</del> → <ins>20</ins>");
    expect(page).toContain("<del>20</del> → <ins>30</ins>");
    expect(page).toContain('name="expected" value="2"');
    expect(JSON.parse((await env.POLICIES.get("policy")) ?? "")).toMatchObject({ version: 2 });
  });
});

describe("rollouts", () => {
  const start = (cookie: string, fields: Record<string, string> = {}) =>
    post("/rollouts/start", { kind: "share", to: "100", steps: "10, 50", expected: "0", ...fields }, { cookie });
  const statesIn = async () => (await root().rollouts()).rollouts.map(({ state }) => state);

  it("are started, paused, resumed and aborted, one at a time", async () => {
    const cookie = await signIn();
    await post("/policy/save", { text: '{"edge":{"share":5}}', expected: "0" }, { cookie });
    expect((await start(cookie, { expected: "1" })).headers.get("location")).toBe("/rollouts");
    const second = await start(cookie, { expected: "2" });
    expect(second.status).toBe(409);
    expect(await second.text()).toContain("One runs at a time");
    for (const [change, state] of [
      ["pause", "paused"],
      ["resume", "running"],
      ["abort", "aborted"],
    ] as const) {
      expect((await post(`/rollouts/${change}`, { id: "1" }, { cookie })).status).toBe(303);
      expect(await statesIn()).toEqual([state]);
    }
    const page = await textOf(get("/rollouts/1", { cookie }));
    expect(page).toContain("Rollout 1, share to 100 %");
  });

  it("are not changed by a page of another policy version or of an earlier rollout: 409, with what is there now", async () => {
    const cookie = await signIn();
    await post("/policy/save", { text: '{"edge":{"share":5}}', expected: "0" }, { cookie });
    const late = await start(cookie);
    expect(late.status).toBe(409);
    expect(await late.text()).toMatch(
      /Policy version 1 is stored, .* on version 0\. Nothing was started\.[\s\S]* name="expected" value="1"/,
    );
    await start(cookie, { expected: "1" });
    for (const change of ["pause", "abort"]) {
      const other = await post(`/rollouts/${change}`, { id: "7" }, { cookie });
      expect(other.status).toBe(409);
      expect(await other.text()).toContain("Rollout #1 runs, and the change was asked for another one.");
    }
    expect((await post("/rollouts/abort", {}, { cookie })).status).toBe(409);
    expect(await statesIn()).toEqual(["running"]);
  });

  it("are refused with the field that cannot be obeyed, and what is allowed", async () => {
    const cookie = await signIn();
    for (const [fields, problem] of [
      [{ to: "150" }, /target: 150 is not allowed; must be a number from 0 to 100/],
      [{ to: "much" }, /target: &quot;much&quot; is not allowed; must be a number from 0 to 100/],
      [{ steps: "10, x" }, /steps\.1: &quot;x&quot; is not allowed/],
      [{ kind: "model", model: "no-model" }, /target: &quot;no-model&quot; is not allowed; must be a published model/],
    ] as const) {
      const response = await start(cookie, fields);
      expect(response.status).toBe(422);
      expect(await response.text()).toMatch(problem);
    }
    expect(await statesIn()).toEqual([]);
  });
});
