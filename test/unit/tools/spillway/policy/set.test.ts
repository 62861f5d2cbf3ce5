import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseJson } from "../../../../../formats/json.ts";
import { knownPaths } from "../../../../../policies/messages/schema-paths.ts";
import { parsePolicy } from "../../../../../policies/parse.ts";
import { policySchema } from "../../../../../policies/schema.ts";
import { storedText } from "../../../../../policies/versions/document.ts";
import { valueAt } from "../../../../../policies/versions/path.ts";
import { InvalidPolicy } from "../../../../../policies/versions/repository.ts";
import { editablePath, isUnset, startOfEdit, withValue } from "../../../../../tools/spillway/policy/set.ts";

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

  it.each([
    ["nothing", null, {}],
    ["a valid document", '{"version": 7, "edge": {"share": 5}}', { version: 7, edge: { share: 5 } }],
    ["one that the gateway rejects", '{"version": 40, "edge": {"share": 700}}', { version: 40, edge: { share: 700 } }],
  ])("start from what is stored: %s", (_, stored, document) => {
    expect(startOfEdit({ stored }, "edge.share")).toEqual({ keys: share, document });
  });

  it("start from no document of which a save would drop a part", () => {
    expect(() => startOfEdit({ stored: "[7]" }, "edge.share")).toThrow("The stored policy is not a JSON object");
    expect(() => startOfEdit({ stored: '{"edge": {}, "edge": {}}' }, "edge.share")).toThrow(
      "cannot be changed key by key",
    );
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
