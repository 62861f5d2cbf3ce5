import { describe, expect, it } from "vitest";
import { entryNamed } from "../../../../../tools/spillway/policy/history.ts";
import type { JsonObject } from "../../../../../formats/json.ts";
import { readPolicyState, record, store } from "../../../../../tools/spillway/policy/repository.ts";
import { rollbackTo } from "../../../../../tools/spillway/policy/rollback.ts";
import { type FakeKv, fakeKv, putOutside } from "./fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

/** A KV in which these documents were stored one after the other, as versions 1, 2, 3 … */
async function kvWith(...documents: JsonObject[]): Promise<FakeKv> {
  const kv = fakeKv();
  for (const document of documents)
    await store(kv, await readPolicyState(kv, NOW), document, { author: "A", message: null }, NOW);
  return kv;
}

const rollback = async (kv: FakeKv, name: string) => rollbackTo(await readPolicyState(kv, NOW), name);
const share = (value: number): JsonObject => ({ edge: { share: value } });

describe("a rollback that cannot be says the next step", () => {
  it("before the first edit: there is nothing to go back to, and how an edit is made", async () => {
    await expect(rollback(await kvWith(), "1")).rejects.toThrow(
      'There is no version "1": no policy has been stored yet, and the defaults serve; the first edit will be version 1, as with spillway policy set <path> <value>.',
    );
  });

  it("to before the first version: a value's default comes back with unset", async () => {
    await expect(rollback(await kvWith(share(50)), "0")).rejects.toThrow(
      'There is no version "0" in the history, which holds 1 alone; see spillway policy history, or give a value its default back with spillway policy unset <path>.',
    );
  });

  it("to an unknown version: which there are; only a rollback speaks of unset", async () => {
    const kv = await kvWith(share(50), share(60));
    await expect(rollback(kv, "v2")).rejects.toThrow(/^There is no version "v2" in the history, which holds 1 to 2; /);
    const { history } = await readPolicyState(kv, NOW);
    expect(() => entryNamed(history, "7")).toThrow(
      'There is no version "7" in the history, which holds 1 to 2; see spillway policy history.',
    );
  });

  it("to a broken version, or one too large to be kept: where others are", async () => {
    const kv = await kvWith(share(50));
    for (const text of ['{"version": 2, "edge": {"share": 700}}', `{"version": 3}${" ".repeat(70_000)}`]) {
      putOutside(kv, text);
      await record(kv, await readPolicyState(kv, NOW));
    }
    await expect(rollback(kv, "2")).rejects.toThrow(
      /^Version 2 does not parse \(.*\); choose another one from spillway policy history\.$/,
    );
    await expect(rollback(kv, "3")).rejects.toThrow(
      "Version 3 was too large to be kept; choose another one from spillway policy history.",
    );
  });
});

describe("a rollback that would change nothing stores nothing and says why", () => {
  it("to the version that is stored now", async () => {
    expect(await rollback(await kvWith(share(50), share(60)), "2")).toBe(
      "Version 2 is the one that is stored now; nothing was changed. See spillway policy history for earlier ones, or give a value its default back with spillway policy unset <path>.",
    );
  });

  it("to an earlier version that said the same", async () => {
    expect(await rollback(await kvWith(share(50), share(60), share(50)), "1")).toBe(
      "The stored policy already says what version 1 said; nothing was changed.",
    );
  });
});

it("a rollback to another version gives the document of that version to store", async () => {
  expect(await rollback(await kvWith(share(50), share(60)), "1")).toMatchObject(share(50));
});
