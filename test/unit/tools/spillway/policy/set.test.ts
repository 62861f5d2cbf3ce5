import { readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type JsonObject, parseJson } from "../../../../../formats/json.ts";
import { knownPaths } from "../../../../../policies/messages/schema-paths.ts";
import { parsePolicy } from "../../../../../policies/parse.ts";
import { policySchema } from "../../../../../policies/schema.ts";
import { storedText } from "../../../../../policies/versions/document.ts";
import { historyRows } from "../../../../../policies/versions/history-rows.ts";
import { valueAt } from "../../../../../policies/versions/path.ts";
import {
  InvalidPolicy,
  readPolicyState,
  recordOutsideEdits,
  savePolicy,
} from "../../../../../policies/versions/repository.ts";
import { reportEditBase } from "../../../../../tools/spillway/policy/edit-base.ts";
import { editablePath, isUnset, startOfEdit, withValue } from "../../../../../tools/spillway/policy/set.ts";
import { fakeKv, putOutside } from "../../../policies/versions/fake-kv.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

describe("set", () => {
  it.each([
    [["edge", "share"], "25", 25],
    [["override"], "edge", "edge"],
    [["override"], '"edge"', "edge"],
    [["override"], "null", null],
    [["edge"], '{"share": 7}', { share: 7 }],
    // A number in JSON, but the key expects text.
    [["$schema"], "1.3", "1.3"],
  ])("%j to %s saves %j", (path, text, value) => {
    expect(valueAt(withValue({}, path, text), path)).toEqual(value);
  });

  const rule = { countries: ["DE"], allow: ["edge"] };
  it.each([
    [["residency", "rules", "0"], JSON.stringify(rule), { residency: { rules: [rule] } }],
    [["sampling", "keep", "0"], "slow", { sampling: { keep: ["slow", "fallback", "refused", "slow"] } }],
    [["residency", "unknown", "0"], "edge", { residency: { unknown: ["edge"] } }],
  ])("%j is an entry of a list that is not set, which begins with its default", (path, text, document) => {
    expect(withValue({}, path, text)).toEqual(document);
  });

  it("names the indexes that a list has", () => {
    expect(() => withValue({}, ["residency", "rules", "3"], "{}")).toThrow(
      "residency.rules has 0 entries; use an index from 0 to 0 instead of 3.",
    );
  });

  it("reports the problem and that nothing was saved", () => {
    expect(() => withValue({}, ["edge", "shar"], "25")).toThrow(
      "edge.shar: unknown key; did you mean share? Nothing was saved.",
    );
    expect(() => withValue({}, ["edge", "share"], "lots")).toThrow(
      /^edge\.share: "lots" is not allowed; must be a number from 0 to 100.*\. Nothing was saved\.$/,
    );
  });

  it("refuses a value that gives a key twice, naming the key and both places", () => {
    expect(() => withValue({}, ["edge"], '{"share": 10, "share": 100}')).toThrow(
      "in the value, share: the key is given twice, at line 1, column 2 and at line 1, column 15; remove one. Nothing was saved.",
    );
  });

  it("cannot change the version", () => {
    expect(() => editablePath("version")).toThrow(/spillway sets the version/);
  });

  it("is an error, or get returns the value: the policy is always valid", () => {
    const places = knownPaths(policySchema).filter(([key]) => key !== "version");
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      fc.double({ noNaN: true }).map(String),
      fc.integer({ min: 0, max: 1000 }).map(String),
      fc.constantFrom("edge", "origin", "true", "false", "null", "{}", "[]", "1.3", "allow"),
    );
    let stored = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), text, (path, value) => {
        let changed: JsonObject;
        try {
          changed = withValue({ edge: { share: 10 } }, path, value);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidPolicy);
          return;
        }
        stored += 1;
        expect(parsePolicy(storedText(changed, 1))).toMatchObject({ ok: true });
        expect([value, parseJson(value)]).toContainEqual(valueAt(changed, path));
      }),
      { numRuns: 1000 },
    );
    expect(stored).toBeGreaterThan(20);
  });
});

describe("set and unset", () => {
  const share = ["edge", "share"];

  it("start from the defaults where nothing is stored, and from the stored document", async () => {
    const kv = fakeKv();
    expect(startOfEdit(await readPolicyState(kv, NOW), "edge.share")).toEqual({ keys: share, document: {} });
    putOutside(kv, { version: 7, edge: { share: 5 } });
    expect(startOfEdit(await readPolicyState(kv, NOW), "edge.share").document).toEqual({
      version: 7,
      edge: { share: 5 },
    });
  });

  it.each([
    ["was rejected", '{"version": 40, "edge": {"share": 700}}'],
    ["is not JSON", "{"],
    ["gives a key twice", '{"edge": {}, "edge": {}}'],
    ["is older than the one in force", '{"version": 3, "edge": {"share": 9}}'],
  ])("keep a residency rule that is in force while the stored version, which lacks it, %s", async (_, text) => {
    const residency = { rules: [{ countries: ["EU"], allow: ["edge"] }], unknown: "refuse" };
    const kv = fakeKv();
    putOutside(kv, { version: 7, edge: { share: 5 }, residency });
    await recordOutsideEdits(kv, await readPolicyState(kv, NOW));
    putOutside(kv, text);
    const seen = await readPolicyState(kv, NOW);
    const changed = withValue(startOfEdit(seen, "edge.share").document, share, "25");
    expect(changed).toMatchObject({ edge: { share: 25 }, residency });
    const history = await savePolicy(kv, seen, { document: changed, author: "Ann", message: null, now: NOW });
    expect(historyRows(history)[0]?.changes).toEqual(["edge.share 5 → 25"]);
    expect(history.entries.map((entry) => entry.text)).toContain(text);
  });
});

describe("an edit while the stored version is rejected", () => {
  /** What is printed, after version 7 was recorded and this text stored by plain wrangler. */
  async function reported(text: string): Promise<string[]> {
    const kv = fakeKv();
    putOutside(kv, { version: 7 });
    await recordOutsideEdits(kv, await readPolicyState(kv, NOW));
    putOutside(kv, text);
    const lines: string[] = [];
    const printed = vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)));
    await reportEditBase(await readPolicyState(kv, NOW), { remote: true, env: "staging" });
    printed.mockRestore();
    return lines;
  }

  it("reports from which version it starts, and how the rejected one is printed and corrected", async () => {
    expect(await reported('{"version": 40, "edge": {"share": 700}}')).toEqual([
      expect.stringMatching(
        /^ {2}! version 40 is stored but rejected, so this edit starts from version 7, which is in force; the reason: edge/,
      ),
      "  ! version 40 stays in the history: npx spillway policy get --at 40 --remote --env staging prints it, and npx spillway policy apply <file> --remote --env staging saves a corrected copy",
    ]);
  });

  it("keeps the text in a file if it is too large for the history", async () => {
    const text = `{"version": 40}${" ".repeat(70_000)}`;
    const [, kept = ""] = await reported(text);
    const file = /^ {2}! version 40 is too large for the history; a copy is in (\S+)$/.exec(kept)?.[1] ?? "";
    expect(await readFile(file, "utf8")).toBe(text);
    await rm(dirname(file), { recursive: true });
  });

  it("reports nothing where it is in force", async () => {
    expect(await reported('{"version": 8}')).toEqual([]);
  });
});

describe("unset", () => {
  it("has nothing to remove where a known key is not set", () => {
    expect(isUnset({}, ["edge", "share"])).toBe(true);
    expect(isUnset({ edge: { share: 5 } }, ["edge", "share"])).toBe(false);
  });

  it("refuses a mistyped key, and removes one that is stored", () => {
    expect(() => isUnset({}, ["egde", "share"])).toThrow("egde: unknown key; did you mean edge?");
    expect(isUnset({ egde: { share: 5 } }, ["egde"])).toBe(false);
  });
});
