/** What a change of residency or of a list means, in words. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../../../formats/json.ts";
import { listSentence, residencySentences } from "../../../../../policies/versions/change-sentences.ts";
import { changesOf } from "../../../../../policies/versions/changes.ts";
import { changeLines } from "../../../../../tools/spillway/policy/change-lines.ts";
import { paintFor } from "../../../../../tools/spillway/terminal/colors.ts";

const rules = (...list: [string[], string[]][]): Json => ({
  rules: list.map(([countries, allow]) => ({ countries, allow })),
});

describe("a change of residency", () => {
  it.each<[string, Json | undefined, Json | undefined, string[]]>([
    [
      "a first rule",
      undefined,
      rules([["EU"], ["edge"]]),
      ["texts from the EU may go only to the edge; before, they could go to both sides"],
    ],
    [
      "another origin in it",
      rules([["EU"], ["edge"]]),
      rules([["EU"], ["edge", "origin:eu-central-1"]]),
      ["texts from the EU may go only to the edge and the origin eu-central-1; before, they could go only to the edge"],
    ],
    [
      "no side any more",
      rules([["DE", "FR"], ["origin"]]),
      rules([["DE", "FR"], []]),
      ["texts from DE and FR are refused; before, they could go only to an origin"],
    ],
    ["the rule is gone", rules([["CH"], []]), {}, ["texts from CH may go to both sides; before, they were refused"]],
    [
      "a second rule for a member of the EU, where every rule must allow a side",
      rules([["EU"], ["edge", "origin"]]),
      rules([["EU"], ["edge", "origin"]], [["DE"], ["edge"]]),
      ["texts from DE may go only to the edge; before, they could go to both sides"],
    ],
    [
      "members of the EU change with it, and are not named again",
      rules([["DE"], ["edge", "origin"]]),
      rules([["EU", "GB"], ["edge"]]),
      ["texts from the EU and GB may go only to the edge; before, they could go to both sides"],
    ],
    [
      "unknown countries",
      {},
      { unknown: "refuse" },
      ["texts from unknown countries are refused; before, they could go to both sides"],
    ],
    [
      "two origins",
      { unknown: ["edge"] },
      { unknown: ["origin:us-east-1", "origin:eu-west-1"] },
      [
        "texts from unknown countries may go only to the origins eu-west-1 and us-east-1; before, they could go only to the edge",
      ],
    ],
    [
      "nothing, in other words",
      rules([["DE", "FR"], ["edge"]]),
      rules([["FR"], ["edge"]], [["DE"], ["edge"]]),
      ["the residency rules are written in another way, and allow the same"],
    ],
    ["nothing", undefined, { rules: [], unknown: "allow" }, []],
  ])("%s", (_, before, after, sentences) => {
    expect(residencySentences(before, after)).toEqual(sentences);
  });

  it("names every country and every origin, however many there are", () => {
    const many = "AR AU BR CA CL CN CO EG ID IN".split(" ");
    expect(residencySentences({}, rules([many, []]))).toEqual([
      "texts from AR, AU, BR, CA, CL, CN, CO, EG, ID and IN are refused; before, they could go to both sides",
    ]);
    const origins = Array.from({ length: 9 }, (_, index) => `origin:o${index}`);
    const [sentence] = residencySentences(rules([["EU"], origins]), rules([["EU"], [...origins, "origin:z"]])) ?? [];
    expect(sentence).toContain("o7, o8 and z; before");
  });

  it("of a rejected version that is no residency is shown value by value", () => {
    expect(residencySentences({ rules: "none" }, {})).toBeNull();
    expect(changesOf({ residency: { rules: "none" } }, {})).toEqual([
      { kind: "residency", sentence: 'residency.rules "none" → [] (default)' },
    ]);
  });
});

it.each([
  [["error", "slow"], ["error", "refused"], "keep: refused added, slow removed; now error and refused"],
  [["error"], [], "keep: error removed; it is empty now"],
  [["error", "slow"], ["slow", "error"], "keep: another order; now slow and error"],
  [[], [1], "keep: 1 added; now 1"],
])("a change of the list %j to %j", (before, after, sentence) => {
  expect(listSentence("keep", before, after)).toBe(sentence);
});

it("residency is first, then values in columns, then lists, all in the terminal's width", () => {
  const before: JsonObject = { edge: { share: 10 } };
  const after: JsonObject = {
    edge: { share: 25 },
    origin: { timeoutMs: 100 },
    sampling: { keep: ["error"] },
    residency: { unknown: ["edge", "origin:eu-central-1"] },
  };
  const lines = (columns: number | null) => changeLines(changesOf(before, after), paintFor({}, {}), columns);
  expect(lines(null)).toEqual([
    "texts from unknown countries may go only to the edge and the origin eu-central-1; before, they could go to both sides",
    "edge.share        10              →  25",
    "origin.timeoutMs  8000 (default)  →  100",
    "sampling.keep: fallback, refused and slow removed; now error",
  ]);
  expect(lines(60).slice(0, 2)).toEqual([
    "texts from unknown countries may go only to the edge and the",
    "  origin eu-central-1; before, they could go to both sides",
  ]);
});
