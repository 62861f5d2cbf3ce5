import { describe, expect, it } from "vitest";
import { isPlainText, plainAttributes, plainSentence } from "../../../../formats/otlp/plain.ts";

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
    ["a value that is not ASCII", "naïve"],
    ["a value of two lines", "a\nb"],
    ["NaN", Number.NaN],
    ["an infinite number", Infinity],
    ["a list", ["a"]],
    ["undefined", undefined],
  ])("leaves %s out", (_, value) => {
    expect(plainAttributes({ key: value })).toEqual({});
  });
});

describe("plainSentence", () => {
  it("is one line of plain characters, cut at its length", () => {
    expect(plainSentence("cannot read\n\tfür's file", 20)).toBe("cannot read f r's fi");
  });

  it("has at most 200 characters by default, as a value that may be exported", () => {
    expect(isPlainText(plainSentence("naïve\n".repeat(100)))).toBe(true);
  });
});
