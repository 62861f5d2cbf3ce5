import { describe, expect, it } from "vitest";
import { plainAttributes, plainSentence } from "../../../../lambda-origin/telemetry/plain.ts";

describe("plainAttributes", () => {
  it.each([
    ["the longest value", "x".repeat(200)],
    ["a number", 0],
    ["a boolean", false],
  ])("keeps %s", (_, value) => {
    expect(plainAttributes({ key: value })).toEqual({ key: value });
  });

  it.each([
    ["a longer value", "x".repeat(201)],
    ["an empty value", ""],
    ["what is not ASCII", "naïve"],
    ["a second line", "a\nb"],
    ["a number that is none", Number.NaN],
    ["a number without end", Infinity],
    ["a list", ["a"]],
    ["nothing", undefined],
  ])("leaves %s out", (_, value) => {
    expect(plainAttributes({ key: value })).toEqual({});
  });
});

describe("plainSentence", () => {
  it("is one line of plain characters, cut at its length", () => {
    expect(plainSentence("cannot read\n\tfür's file", 20)).toBe("cannot read f r's fi");
  });
});
