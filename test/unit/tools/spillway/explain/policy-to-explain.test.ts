/** Explained is what an isolate goes by, which is not always what is stored. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../../formats/json.ts";
import { POLICY_KEY } from "../../../../../policies/store.ts";
import { inForce } from "../../../../../tools/spillway/explain/policy-to-explain.ts";
import { readPolicyState, recordOutsideEdits, savePolicy } from "../../../../../tools/spillway/policy/repository.ts";
import { type FakeKv, fakeKv, putOutside } from "../policy/fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

async function set(kv: FakeKv, document: JsonObject) {
  await savePolicy(kv, await readPolicyState(kv, NOW), { document, author: "Ann", message: null, now: NOW });
}
const share = (value: number): JsonObject => ({ edge: { share: value } });
const seen = async (kv: FakeKv) => inForce(await readPolicyState(kv, NOW), "here");

describe("the policy that is explained", () => {
  it("is the defaults where nothing is stored", async () => {
    expect(await seen(fakeKv())).toMatchObject({
      policy: { version: 0, edge: { share: 100 } },
      from: "the defaults, since none is stored here",
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

  it("is one stored by plain wrangler too, and reading it writes nothing", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    const writes = kv.writes.length;
    putOutside(kv, { version: 9, edge: { share: 1 } });
    expect(await seen(kv)).toMatchObject({ policy: { version: 9, edge: { share: 1 } }, notes: [] });
    expect(kv.writes).toHaveLength(writes);
  });

  it.each([
    [
      "a broken one",
      '{"version": 2, "edge": {"share": 1000}}',
      /^the stored version 2b? is not taken: edge\.share: 1000/,
    ],
    ["no JSON", "{", /^the stored version broken-1 is not taken: not JSON/],
    [
      "an older version",
      '{"version": 1, "edge": {"share": 5}}',
      /^the stored version 1b is not taken: version 1 is older than 2/,
    ],
  ])("is the last good one where %s is stored, and that is told", async (_, text, note) => {
    const kv = fakeKv();
    await set(kv, share(10));
    await set(kv, share(25));
    putOutside(kv, text);
    const { policy, notes } = await seen(kv);
    expect(policy).toMatchObject({ version: 2, edge: { share: 25 } });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });

  it("is the defaults where the only one is broken, and that is told", async () => {
    const kv = fakeKv();
    putOutside(kv, "{");
    expect(await seen(kv)).toMatchObject({
      policy: { version: 0 },
      notes: [expect.stringMatching(/is not taken: not JSON/)],
    });
  });

  it("is the defaults where the key was deleted", async () => {
    const kv = fakeKv();
    await set(kv, share(10));
    kv.values.delete(POLICY_KEY);
    expect(await seen(kv)).toMatchObject({ policy: { version: 0, edge: { share: 100 } }, notes: [] });
  });

  it("is one that KV does not show yet, and that is told", async () => {
    const kv = fakeKv(60);
    await set(kv, share(10));
    const before = kv.values.get(POLICY_KEY) ?? "";
    await set(kv, share(25));
    putOutside(kv, before);
    const { policy, notes } = await seen(kv);
    expect(policy).toMatchObject({ version: 2, edge: { share: 25 } });
    expect(notes).toEqual(["version 2 was stored a moment ago; KV may show it only in 60 s"]);
  });

  it("is one too large for the history too, while it is the stored one; afterwards it must be given", async () => {
    const kv = fakeKv();
    const large = {
      version: 5,
      residency: { rules: Array.from({ length: 3000 }, () => ({ countries: ["DE"], allow: ["edge"] })) },
    };
    putOutside(kv, large);
    expect(await seen(kv)).toMatchObject({ policy: { version: 5 }, notes: [] });
    await recordOutsideEdits(kv, await readPolicyState(kv, NOW));
    putOutside(kv, "{");
    await expect(seen(kv)).rejects.toThrow(
      /^Version 5 was too large to be kept; give it to explain with --policy <file>\.$/,
    );
  });
});
