import { describe, expect, it } from "vitest";
import { expiryOf } from "../../../../../tools/spillway/keys/expiry.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

describe("--expires", () => {
  it.each([
    ["90d", "2027-02-22T10:00:00.000Z"],
    ["12h", "2026-11-24T22:00:00.000Z"],
    ["2w", "2026-12-08T10:00:00.000Z"],
    ["2027-01-01", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T12:30Z", "2027-01-01T12:30:00.000Z"],
    ["2027-01-01T12:30:15Z", "2027-01-01T12:30:15.000Z"],
  ])("%s is %s", (typed, expected) => {
    expect(expiryOf(typed, NOW)).toBe(expected);
  });

  it.each([
    ["", /^--expires is ""; use a duration such as 90d, /],
    ["90", /^--expires is "90"; use a duration/],
    ["-5d", /^--expires is "-5d"; use a duration/],
    ["tomorrow", /^--expires is "tomorrow"; use a duration/],
    ["2027-02-30", /^--expires is "2027-02-30"; use a duration/],
    ["2027-13-01", /^--expires is "2027-13-01"; use a duration/],
    ["01.01.2027", /^--expires is "01\.01\.2027"; use a duration/],
    ["2026-11-24", /^--expires 2026-11-24 is in the past; /],
    ["0d", /^--expires 0d is in the past; /],
    ["999999d", /^--expires 999999d is more than 100 years ahead; /],
  ])("%j is rejected, with what is allowed", (typed, sentence) => {
    expect(() => expiryOf(typed, NOW)).toThrow(sentence);
  });
});
