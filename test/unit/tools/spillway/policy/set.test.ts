import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseJson } from "../../../../../formats/json.ts";
import { knownPaths } from "../../../../../policies/messages/schema-paths.ts";
import { parsePolicy } from "../../../../../policies/parse.ts";
import { policySchema } from "../../../../../policies/schema.ts";
import { storedText } from "../../../../../tools/spillway/policy/document.ts";
import { valueAt } from "../../../../../tools/spillway/policy/path.ts";
import { InvalidPolicy } from "../../../../../tools/spillway/policy/repository.ts";
import { editablePath, withValue } from "../../../../../tools/spillway/policy/set.ts";

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
