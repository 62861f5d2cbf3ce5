/** Every edit starts from what gateways use. A stored version that they reject must not replace a rule that is in force. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../../../policies/store.ts";
import { rejectedSentence } from "../../../../policies/versions/in-force.ts";
import { HISTORY_KEY, readPolicyState, savePolicy } from "../../../../policies/versions/repository.ts";
import { type FakeKv, fakeKv, putOutside } from "./fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");
const RULE: JsonObject = { residency: { rules: [{ countries: ["EU"], allow: ["edge"] }] } };

async function save(kv: FakeKv, document: JsonObject) {
  await savePolicy(kv, await readPolicyState(kv, NOW), { document, author: "Ann", message: "m", now: NOW });
}
/** KV in which Ann has saved versions 1 to 3, the last one with a residency rule. */
async function kvWithRule(): Promise<FakeKv> {
  const kv = fakeKv();
  for (const document of [{}, { edge: { share: 5 } }, RULE]) await save(kv, document);
  return kv;
}
const inForce = async (kv: FakeKv) => (await readPolicyState(kv, NOW)).inForce;

describe("the version in force", () => {
  it("is the defaults of an empty namespace", async () => {
    expect(await inForce(fakeKv())).toMatchObject({ name: null, version: 0, text: null, rejected: null });
  });

  it("is the stored one, with its author, also where plain wrangler stored it", async () => {
    const kv = await kvWithRule();
    expect(await inForce(kv)).toMatchObject({ name: "3", version: 3, author: "Ann", message: "m", rejected: null });
    putOutside(kv, { version: 3, edge: { share: 7 } });
    expect(await inForce(kv)).toMatchObject({ name: "3b", version: 3, author: null, rejected: null });
    putOutside(kv, { edge: { share: 8 } });
    expect(await inForce(kv)).toMatchObject({ name: "0", version: 0, rejected: null });
  });

  it.each([
    ["does not parse", '{"version": 40, "edge": {"share": 700}}', "40", /^edge\.share: 700 is not allowed/],
    ["is not JSON", "{", "broken-1", /^not JSON/],
    ["gives a key twice", '{"version": 4, "edge": {}, "edge": {}}', "4", /the key is given twice/],
    ["is older", '{"version": 1, "edge": {"share": 9}}', "1b", /^version 1 is older than 3/],
    ["is too large", `{"version": 5}${" ".repeat(70_000)}`, "5", /more than 65536 bytes/],
  ])("is the last valid one where the stored one %s", async (_, text, name, problem) => {
    const kv = await kvWithRule();
    putOutside(kv, text);
    const found = await inForce(kv);
    expect(found).toMatchObject({ name: "3", version: 3, author: "Ann" });
    expect(JSON.parse(found.text ?? "")).toMatchObject(RULE);
    expect(found.rejected).toEqual({ name, problem: expect.stringMatching(problem), isKept: name !== "5" });
  });

  it("is what isolates use without a history: the copy of the last valid one", async () => {
    const kv = await kvWithRule();
    kv.values.delete(HISTORY_KEY);
    putOutside(kv, "{");
    expect(await inForce(kv)).toMatchObject({ name: "3", version: 3, rejected: { name: "broken-1" } });
    kv.values.delete(LAST_GOOD_KEY);
    expect(await inForce(kv)).toMatchObject({ name: null, version: 0, rejected: { name: "broken-1" } });
  });

  it("is the copy, not an older version that plain wrangler has stored since", async () => {
    const kv = await kvWithRule();
    putOutside(kv, { edge: { share: 8 } });
    await save(kv, RULE);
    putOutside(kv, { edge: { share: 9 } });
    const { history } = await readPolicyState(kv, NOW);
    kv.values.set(HISTORY_KEY, JSON.stringify({ format: 1, ...history }));
    putOutside(kv, "{");
    expect(await inForce(kv)).toMatchObject({ name: "4", version: 4, author: "Ann" });
  });

  it("is the defaults once the key was deleted", async () => {
    const kv = await kvWithRule();
    kv.values.delete(POLICY_KEY);
    expect(await inForce(kv)).toMatchObject({ name: "0", version: 0, text: null, rejected: null });
  });
});

it("a rejected version is reported in one sentence, with the version in force and the reason", async () => {
  const kv = await kvWithRule();
  expect(rejectedSentence(await inForce(kv), "this edit starts from")).toBeNull();
  putOutside(kv, '{"version": 40, "edge": {"share": 700}}');
  expect(rejectedSentence(await inForce(kv), "this edit starts from")).toMatch(
    /^version 40 is stored but rejected, so this edit starts from version 3, which is in force; the reason: edge\.share: 700 is/,
  );
  const empty = fakeKv();
  putOutside(empty, "{");
  expect(rejectedSentence(await inForce(empty), "this edit starts from")).toContain("from the defaults, which are in");
});
