/** A file that names the version it was made from must not undo another one. */
import { describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../../../../formats/json.ts";
import { readPolicyState, savePolicy } from "../../../../../policies/versions/repository.ts";
import { mustBeBasedOn } from "../../../../../tools/spillway/policy/apply.ts";
import { confirmed } from "../../../../../tools/spillway/policy/confirm.ts";
import { textToEdit } from "../../../../../tools/spillway/policy/edited-text.ts";
import { fakeKv, putOutside } from "../../../policies/versions/fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

/** KV with this many versions, the last one by Ben. */
async function stateWith(versions: number) {
  const kv = fakeKv();
  for (let share = 1; share <= versions; share++) {
    const author = share === versions ? "Ben" : "Ann";
    const version = { document: { edge: { share } }, author, message: null, now: NOW };
    await savePolicy(kv, await readPolicyState(kv, NOW), version);
  }
  return readPolicyState(kv, NOW);
}
/** With this text stored by plain wrangler after three versions. */
async function stateAfter(text: string) {
  const kv = fakeKv();
  for (const share of [1, 2, 3]) {
    const version = { document: { edge: { share } }, author: "Ann", message: null, now: NOW };
    await savePolicy(kv, await readPolicyState(kv, NOW), version);
  }
  putOutside(kv, text);
  return readPolicyState(kv, NOW);
}
const apply = async (versions: number, document: JsonObject) =>
  mustBeBasedOn(await stateWith(versions), document, "next.json");

describe("a policy from a file", () => {
  it.each<[string, number, JsonObject]>([
    ["without a version", 3, {}],
    ["with the stored version", 3, { version: 3 }],
    ["with a version that was never stored", 3, { version: 4 }],
    ["with version 0, where nothing is stored", 0, { version: 0 }],
  ])("%s may be saved", async (_, versions, document) => {
    await expect(apply(versions, document)).resolves.toBeUndefined();
  });

  it.each([
    ["an earlier version", 2],
    ["no version, where one is stored now", 0],
  ])("that was made from %s is a conflict, with who saved since and the next step", async (_, version) => {
    await expect(apply(3, { version })).rejects.toThrow(
      `Conflict: next.json was made from version ${version}, and version 3 was saved since, by Ben. Nothing was saved. Look at what it changed with npx spillway policy diff ${version} 3, put that into the file, and set its "version" to 3; or remove "version" to replace the policy in force whole.`,
    );
  });

  it("is compared with the version in force while the stored one is rejected; one that was made from either may be saved", async () => {
    const state = await stateAfter('{"version": 40, "edge": {"share": 700}}');
    for (const version of [3, 40]) mustBeBasedOn(state, { version }, "next.json");
    expect(() => mustBeBasedOn(state, { version: 2 }, "next.json")).toThrow("from version 2, and version 3 was saved");
    const older = await stateAfter('{"version": 2, "edge": {"share": 9}}');
    mustBeBasedOn(older, { version: 3 }, "next.json");
    expect(() => mustBeBasedOn(older, { version: 1 }, "next.json")).toThrow("from version 1, and version 3 was saved");
  });

  it("is shown and saved as what it changes in the version in force, also where it changes nothing there", async () => {
    const { inForce } = await stateAfter('{"version": 40, "edge": {"share": 700}}');
    const lines: string[] = [];
    const printed = vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)));
    const fixed = { version: 40, edge: { share: 70 } };
    expect(await confirmed(fixed, inForce, { yes: true })).toEqual(fixed);
    const same = { edge: { share: 3 } };
    expect(await confirmed(same, inForce, { yes: true })).toEqual(same);
    printed.mockRestore();
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}edge\.share +3 +→ +70$/),
      "  no changes to what is in force; it replaces version 40",
    ]);
  });

  it("of a number that two versions have is a conflict: it may have been made before the later one", async () => {
    const state = await stateAfter('{"version": 3, "edge": {"share": 9}}');
    expect(() => mustBeBasedOn(state, { version: 3 }, "next.json")).toThrow(
      'Conflict: next.json may have been made from version 3, and version 3b was saved since, outside the spillway command. Nothing was saved. Look at what it changed with npx spillway policy diff 3 3b, put that into the file, and remove "version" to replace the policy in force whole.',
    );
  });

  it("a file of policy edit names its version, also when nothing was stored", () => {
    expect(JSON.parse(textToEdit(null))).toMatchObject({ version: 0 });
    expect(JSON.parse(textToEdit('{"edge": {"share": 5}}'))).toMatchObject({ version: 0, edge: { share: 5 } });
    expect(JSON.parse(textToEdit('{"version": 7}'))).toMatchObject({ version: 7 });
  });
});
