import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../../formats/json.ts";
import { changesOf, differences } from "../../../../policies/versions/changes.ts";
import { withoutValueAt, withValueAt } from "../../../../policies/versions/path.ts";

const texts = (before: JsonObject, after: JsonObject) =>
  changesOf(before, after).map((change) =>
    change.kind === "value" ? `${change.place} ${change.before} → ${change.after}` : change.sentence,
  );

describe("differences", () => {
  it.each<[JsonObject, JsonObject, string[]]>([
    [{}, {}, []],
    [{ edge: { share: 10 } }, { edge: { share: 25 } }, ["edge.share 10 → 25"]],
    [{}, { edge: { share: 25 } }, ["edge.share 100 (default) → 25"]],
    [{ edge: { share: 25 } }, {}, ["edge.share 25 → 100 (default)"]],
    [{ list: [1, 2] }, { list: [1, 3, 4] }, ["list: 3 and 4 added, 2 removed; now 1, 3 and 4"]],
    [{ list: [{ a: 1 }] }, { list: [{ a: 2 }] }, ["list.0.a 1 → 2"]],
    [{ a: [1] }, { a: { b: 1 } }, ['a [1] → {"b":1}']],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
    [{ override: null }, { override: "edge" }, ['override null → "edge"']],
  ])("from %j to %j", (before, after, expected) => {
    expect(texts(before, after)).toEqual(expected);
  });

  it("applied to one document give the other", () => {
    const key = fc.constantFrom("a", "b", "c");
    const { document } = fc.letrec<{ document: JsonObject; value: Json }>((tie) => ({
      document: fc.dictionary(key, tie("value"), { maxKeys: 3 }).map((value): JsonObject => ({ ...value })),
      value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constant(null), tie("document")),
    }));
    fc.assert(
      fc.property(document, document, (before, after) => {
        let at: Json = before;
        for (const { path, after: value } of differences(before, after)) {
          at = value === undefined ? withoutValueAt(at, path) : withValueAt(at, path, value);
        }
        // An object whose last key was removed is empty in one document and may be missing in the other.
        expect(differences(at, after).every(({ before: left }) => JSON.stringify(left) === "{}")).toBe(true);
      }),
    );
  });
});
