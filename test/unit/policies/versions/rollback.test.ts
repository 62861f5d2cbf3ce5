import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { entryNamed } from "../../../../policies/versions/history.ts";
import { readPolicyState, recordOutsideEdits, savePolicy } from "../../../../policies/versions/repository.ts";
import { rollbackTo } from "../../../../policies/versions/rollback.ts";
import { type FakeKv, fakeKv, putOutside } from "./fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

/** A KV in which these documents were saved one after the other, as versions 1, 2, 3 … */
async function kvWith(...documents: JsonObject[]): Promise<FakeKv> {
  const kv = fakeKv();
  for (const document of documents)
    await savePolicy(kv, await readPolicyState(kv, NOW), { document, author: "A", message: null, now: NOW });
  return kv;
}

const rollback = async (kv: FakeKv, name: string) => rollbackTo(await readPolicyState(kv, NOW), name);
const share = (value: number): JsonObject => ({ edge: { share: value } });

describe("a rollback that is not possible reports the next step", () => {
  it("before the first edit: no version exists, and how an edit is made", async () => {
    await expect(rollback(await kvWith(), "1")).rejects.toThrow(
      'There is no version "1": no policy has been saved yet, and the defaults are in force. The first edit, such as spillway policy set <path> <value>, creates version 1.',
    );
  });

  it("to before the first version: unset restores a default", async () => {
    await expect(rollback(await kvWith(share(50)), "0")).rejects.toThrow(
      'There is no version "0" in the history, which contains only 1. Run spillway policy history, or restore a default with spillway policy unset <path>.',
    );
  });

  it("to an unknown version: the existing versions; only a rollback mentions unset", async () => {
    const kv = await kvWith(share(50), share(60));
    await expect(rollback(kv, "v2")).rejects.toThrow(
      /^There is no version "v2" in the history, which contains 1 to 2\. /,
    );
    const { history } = await readPolicyState(kv, NOW);
    expect(() => entryNamed(history, "7")).toThrow(
      'There is no version "7" in the history, which contains 1 to 2. Run spillway policy history.',
    );
  });

  it("to an invalid version, or one too large for the history: where other versions are", async () => {
    const kv = await kvWith(share(50));
    for (const text of ['{"version": 2, "edge": {"share": 700}}', `{"version": 3}${" ".repeat(70_000)}`]) {
      putOutside(kv, text);
      await recordOutsideEdits(kv, await readPolicyState(kv, NOW));
    }
    await expect(rollback(kv, "2")).rejects.toThrow(
      /^Version 2 does not parse \(.*\); choose another version from spillway policy history\.$/,
    );
    await expect(rollback(kv, "3")).rejects.toThrow(
      "Version 3 was too large for the history; choose another version from spillway policy history.",
    );
  });
});

describe("a rollback that would change nothing saves nothing and reports why", () => {
  it("to the stored version", async () => {
    expect(await rollback(await kvWith(share(50), share(60)), "2")).toBe(
      "Version 2 is the stored version. Nothing was saved. Run spillway policy history for earlier versions, or restore a default with spillway policy unset <path>.",
    );
  });

  it("to an earlier version that is the same", async () => {
    expect(await rollback(await kvWith(share(50), share(60), share(50)), "1")).toBe(
      "The stored policy is the same as version 1. Nothing was saved.",
    );
  });
});

describe("while the stored version is rejected", () => {
  it.each([
    ["does not parse", '{"version": 40, "edge": {"share": 700}}'],
    ["is older, and else the same", '{"version": 1, "edge": {"share": 60}}'],
  ])("because it %s, a rollback to the version in force saves it anew", async (_, text) => {
    const kv = await kvWith(share(50), share(60));
    putOutside(kv, text);
    expect(await rollback(kv, "2")).toMatchObject(share(60));
  });
});

it("a rollback to another version saves the document of that version", async () => {
  expect(await rollback(await kvWith(share(50), share(60)), "1")).toMatchObject(share(50));
});
