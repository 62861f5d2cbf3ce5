import { expect, it } from "vitest";
import { EU_MEMBERS, isEuCountry } from "../../../policies/eu-countries.ts";

it("the European Union has 27 members, with two-letter codes, sorted", () => {
  expect(EU_MEMBERS).toHaveLength(27);
  expect(EU_MEMBERS).toEqual([...new Set(EU_MEMBERS)].sort());
  for (const code of EU_MEMBERS) expect(code).toMatch(/^[A-Z]{2}$/);
});

it.each(["DE", "FR", "GR", "HR", "RE", "AX"])("%s is in the European Union", (country) => {
  expect(isEuCountry(country)).toBe(true);
});

it.each(["GB", "CH", "NO", "IS", "LI", "TR", "UA", "EU", "XX", "T1", "de"])("%s is not", (country) => {
  expect(isEuCountry(country)).toBe(false);
});
