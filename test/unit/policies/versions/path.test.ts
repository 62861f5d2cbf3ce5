import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../../formats/json.ts";
import { shownPlace } from "../../../../policies/messages/shown.ts";
import { parsePath, valueAt, withoutValueAt, withValueAt } from "../../../../policies/versions/path.ts";

describe("parsePath", () => {
  it.each([
    ["edge", ["edge"]],
    ["edge.share", ["edge", "share"]],
    ["residency.rules[0].allow[1]", ["residency", "rules", "0", "allow", "1"]],
    ["residency.rules.0.allow", ["residency", "rules", "0", "allow"]],
    ["origins.us-east-1.url", ["origins", "us-east-1", "url"]],
    ['origins["a.b"].url', ["origins", "a.b", "url"]],
    ["$schema", ["$schema"]],
  ])("reads %s", (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it.each(["", ".", "edge.", ".edge", "edge..share", "edge[", "edge[x]", "edge]", 'edge["a]', "edge[0]share."])(
    "rejects %j and shows how a path is written",
    (text) => {
      expect(() => parsePath(text)).toThrow(/is not a path; write it like edge\.share/);
    },
  );

  it("reads every path in the form in which it is shown", () => {
    const key = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1 }), (path) => {
        expect(parsePath(shownPlace(path))).toEqual(path);
      }),
    );
  });
});

describe("a value at a path", () => {
  const document: JsonObject = { edge: { share: 10 }, rules: [{ allow: ["edge"] }], model: null };

  it.each([
    ["edge.share", 25, { ...document, edge: { share: 25 } }],
    ["shadow.share", 5, { ...document, shadow: { share: 5 } }],
    ["rules[0].allow[1]", "origin", { ...document, rules: [{ allow: ["edge", "origin"] }] }],
    ["rules[0]", {}, { ...document, rules: [{}] }],
  ])("%s is set in a copy, and missing objects are created", (place, value, expected) => {
    const before = structuredClone(document);
    expect(withValueAt(document, parsePath(place), value)).toEqual(expected);
    expect(document).toEqual(before);
  });

  it.each([
    ["edge.share.deep", "edge.share is 10, which has no keys; set edge.share instead."],
    ["model.name", "model is null, which has no keys; set model instead."],
    ["rules[2]", "rules has 1 entries; use an index from 0 to 1 instead of 2."],
    ["rules.first", "rules has 1 entries; use an index from 0 to 1 instead of first."],
  ])("%s cannot be set, and the error has the reason", (place, problem) => {
    expect(() => withValueAt(document, parsePath(place), 1)).toThrow(problem);
  });

  it.each([
    ["edge.share", { ...document, edge: {} }],
    ["rules[0]", { ...document, rules: [] }],
    ["model", { edge: document["edge"], rules: document["rules"] }],
    ["not.there", document],
  ])("%s is removed from a copy", (place, expected) => {
    expect(withoutValueAt(document, parsePath(place))).toEqual(expected);
  });

  it("set and read again is the value, or setting it was an error; after a removal it is absent", () => {
    const key = fc.constantFrom("edge", "share", "a", "0", "1", "__proto__", "constructor");
    const json = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)));
    const objects = fc.dictionary(key, json).map((value): JsonObject => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(objects, fc.array(key, { minLength: 1, maxLength: 4 }), json, (before, path, value) => {
        let changed: Json;
        try {
          changed = withValueAt(before, path, value);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        expect(valueAt(changed, path)).toEqual(value);
        expect(Object.getPrototypeOf(changed)).toBe(Object.prototype);
        const parent = valueAt(changed, path.slice(0, -1));
        if (!Array.isArray(parent)) expect(valueAt(withoutValueAt(changed, path), path)).toBeUndefined();
      }),
    );
  });
});
