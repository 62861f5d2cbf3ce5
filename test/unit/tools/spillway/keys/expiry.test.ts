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
    ["", /^--expires is ""; give a span such as 90d, /],
    ["90", /^--expires is "90"; give a span/],
    ["-5d", /^--expires is "-5d"; give a span/],
    ["tomorrow", /^--expires is "tomorrow"; give a span/],
    ["2027-02-30", /^--expires is "2027-02-30"; give a span/],
    ["2027-13-01", /^--expires is "2027-13-01"; give a span/],
    ["01.01.2027", /^--expires is "01\.01\.2027"; give a span/],
    ["2026-11-24", /^--expires 2026-11-24 is over already; /],
    ["0d", /^--expires 0d is over already; /],
    ["999999d", /^--expires 999999d is more than a century away; /],
  ])("%j is refused, with what is allowed", (typed, sentence) => {
    expect(() => expiryOf(typed, NOW)).toThrow(sentence);
  });
});
