import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateKeys } from "../../../formats/json-keys.ts";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";

const problemsOf = (text: string) => {
  const parsed = parsePolicy(text);
  return parsed.ok ? [] : parsed.problems;
};

describe("a key that a policy gives twice is refused with its path and both places", () => {
  it.each([
    ["at the top", '{"override": "edge", "override": null}', "override", [1, 2, 1, 22]],
    ["inside", '{"edge": {"share": 10,\n  "share": 100}}', "edge.share", [1, 11, 2, 3]],
    ["an object", '{\n"edge": {"share": 1},\n"edge": {}\n}', "edge", [2, 1, 3, 1]],
    [
      "in a list",
      '{"residency": {"rules": [{"countries": ["DE"], "allow": []}, {"countries": ["FR"], "allow": [], "allow": ["edge"]}]}}',
      "residency.rules.1.allow",
      [1, 84, 1, 97],
    ],
    [
      "an origin",
      '{"origins": {"a": {"url": "https://a.example/", "region": "us-east-1"}, "a": {"url": "https://b.example/", "region": "us-east-1"}}}',
      "origins.a",
      [1, 14, 1, 73],
    ],
    ["written with an escape", '{"version": 1, "\\u0076ersion": 2}', "version", [1, 2, 1, 16]],
    ["with Windows line ends", '{\r\n  "version": 1,\r\n  "version": 2\r\n}', "version", [2, 3, 3, 3]],
    ["with the same value", '{"version": 1, "version": 1}', "version", [1, 2, 1, 16]],
    ["after a byte order mark", '\ufeff{"version": 1, "version": 1}', "version", [1, 2, 1, 16]],
  ])("%s", (_, text, path, [line, column, line2, column2]) => {
    expect(problemsOf(text)).toEqual([
      `${path}: the key is given twice, at line ${line}, column ${column} and at line ${line2}, column ${column2}; remove one`,
    ]);
  });

  it("three times: all places", () => {
    expect(problemsOf('{"version": 1, "version": 2, "version": 3}')).toEqual([
      "version: the key is given 3 times, at line 1, column 2, at line 1, column 16 and at line 1, column 30; remove all but one",
    ]);
  });

  it("together with every other problem", () => {
    expect(problemsOf('{"version": 1, "version": 2, "edge": {"shar": 1}}')).toEqual([
      expect.stringMatching(/^version: the key is given twice/),
      "edge.shar: unknown key; did you mean share?",
    ]);
  });

  it("the same key in two objects, and text that looks like a key, are none", () => {
    const text = '{"a": {"x": "\\"x\\": 1, {"}, "b": [{"x": 1}, {"x": [{"a": "}"}]}], "": {"": 1}}';
    expect(duplicateKeys(text)).toEqual([]);
  });

  it("a document without one has none, whatever it is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // fast-check builds objects, which cannot have a key twice.
        expect(duplicateKeys(text)).toEqual([]);
      }),
    );
  });

  it("a list of any depth", () => {
    expect(duplicateKeys("[".repeat(200_000) + "]".repeat(200_000))).toEqual([]);
  });
});

it("a byte order mark before a policy is skipped", () => {
  expect(parsePolicy("\ufeff{}")).toEqual({ ok: true, policy: defaultPolicy() });
  expect(problemsOf("\ufeff{")).toEqual([
    "not JSON: expected a key or } at line 1, column 2, found the end of the text",
  ]);
});
