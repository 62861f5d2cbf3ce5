/** The explained policy is the one of an isolate, which is not always the stored one. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../../formats/json.ts";
import { POLICY_KEY } from "../../../../../policies/store.ts";
import { readPolicyState, savePolicy } from "../../../../../policies/versions/repository.ts";
import { countryOf } from "../../../../../tools/spillway/explain/options.ts";
import { explained, policyToExplain } from "../../../../../tools/spillway/explain/policy-to-explain.ts";
import { type FakeKv, fakeKv, putOutside } from "../../../policies/versions/fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

async function set(kv: FakeKv, document: JsonObject) {
  await savePolicy(kv, await readPolicyState(kv, NOW), { document, author: "Ann", message: null, now: NOW });
}
const share = (value: number): JsonObject => ({ edge: { share: value } });
const seen = async (kv: FakeKv) => explained(await readPolicyState(kv, NOW), "here");

describe("the policy that is explained", () => {
  it("is the defaults when nothing is stored", async () => {
    expect(await seen(fakeKv())).toMatchObject({
      policy: { version: 0, edge: { share: 100 } },
      from: "the defaults: no policy is stored here",
      notes: [],
    });
  });

  it("is the stored one", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    await set(kv, share(25));
    expect(await seen(kv)).toMatchObject({
      policy: { version: 2, edge: { share: 25 } },
      from: "version 2, stored here",
      notes: [],
    });
  });

  it("is also one that plain wrangler stored, and reading it writes nothing", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    const writes = kv.writes.length;
    putOutside(kv, { version: 9, edge: { share: 1 } });
    expect(await seen(kv)).toMatchObject({ policy: { version: 9, edge: { share: 1 } }, notes: [] });
    expect(kv.writes).toHaveLength(writes);
  });

  it.each([
    [
      "an invalid one",
      '{"version": 2, "edge": {"share": 1000}}',
      /^version 2b is stored but rejected, so this explains version 2, which is in force; the reason: edge\.share: 1000/,
    ],
    ["text that is not JSON", "{", /^version broken-1 is stored but rejected, .*: not JSON/],
    [
      "an older version",
      '{"version": 1, "edge": {"share": 5}}',
      /^version 1b is stored but rejected, .*: version 1 is older than 2/,
    ],
  ])("is the last valid one when %s is stored, with a note", async (_, text, note) => {
    const kv = fakeKv();
    await set(kv, share(10));
    await set(kv, share(25));
    putOutside(kv, text);
    const { policy, notes } = await seen(kv);
    expect(policy).toMatchObject({ version: 2, edge: { share: 25 } });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });

  it("is the defaults when the only one is invalid, with a note", async () => {
    const kv = fakeKv();
    putOutside(kv, "{");
    expect(await seen(kv)).toMatchObject({
      policy: { version: 0 },
      notes: [expect.stringMatching(/so this explains the defaults, which are in force; the reason: not JSON/)],
    });
  });

  it("is the defaults when the key was deleted", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    kv.values.delete(POLICY_KEY);
    expect(await seen(kv)).toMatchObject({ policy: { version: 0, edge: { share: 100 } }, notes: [] });
  });

  it("is one that KV does not return yet, with a note", async () => {
    const kv = fakeKv(60);
    await set(kv, share(10));
    const before = kv.values.get(POLICY_KEY) ?? "";
    await set(kv, share(25));
    putOutside(kv, before);
    const { policy, notes } = await seen(kv);
    expect(policy).toMatchObject({ version: 2, edge: { share: 25 } });
    expect(notes).toEqual(["version 2 was just saved; KV may return the previous one for 60 s"]);
  });

  it("is the last valid one while the stored document is larger than a policy may be", async () => {
    const kv = fakeKv();
    await set(kv, { edge: { share: 10 } });
    putOutside(kv, `{"version": 5}${" ".repeat(70_000)}`);
    const { policy, notes } = await seen(kv);
    expect(policy).toMatchObject({ version: 1, edge: { share: 10 } });
    expect(notes.join()).toContain("the reason: the document has more than 65536 bytes");
  });
});

describe("the caller's country", () => {
  const given = { text: "a", edge: "ready", edgeBreaker: "closed", queueMs: 0 } as const;

  it("is that of every caller of npm start with the policy of this machine, and otherwise unknown; each is stated as assumed", () => {
    for (const local of [{}, { local: true } as const]) {
      expect(countryOf({ ...given, ...local })).toEqual({
        country: "US",
        assumed: expect.stringContaining("as every caller of npm start has it"),
      });
    }
    for (const other of [{ remote: true }, { defaults: true }, { policy: "next.json" }] as const) {
      expect(countryOf({ ...given, ...other })).toEqual({
        assumed: expect.stringContaining("--country selects one, and every caller of npm start has US"),
      });
    }
    expect(countryOf({ ...given, country: "DE" })).toEqual({ country: "DE", assumed: null });
  });
});

describe("the policy of a file", () => {
  it("may begin with a byte order mark, and a folder is refused with its path", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-explain-"));
    await writeFile(join(folder, "policy.json"), '\ufeff{"edge": {"share": 25}}\r\n');
    const { policy } = await policyToExplain({ policy: join(folder, "policy.json") });
    expect(policy.edge.share).toBe(25);
    await expect(policyToExplain({ policy: folder })).rejects.toThrow(`${folder} is a folder; pass a file.`);
    await rm(folder, { recursive: true });
  });
});
