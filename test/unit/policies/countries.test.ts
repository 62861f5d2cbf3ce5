import { describe, expect, it } from "vitest";
import { COUNTRIES, nearestCountry, RESIDENCY_COUNTRIES } from "../../../policies/countries.ts";
import { parsePolicy } from "../../../policies/parse.ts";

const withCountries = (...countries: string[]) =>
  parsePolicy(JSON.stringify({ residency: { rules: [{ countries, allow: ["edge"] }] } }));
const problemOf = (code: string) => {
  const parsed = withCountries(code);
  return parsed.ok ? null : parsed.problem;
};

describe("the countries of a residency rule", () => {
  it("are the 249 of ISO 3166-1 and Kosovo, by two letters, and EU", () => {
    expect(COUNTRIES).toHaveLength(250);
    expect(new Set(COUNTRIES).size).toBe(250);
    for (const code of RESIDENCY_COUNTRIES) expect(problemOf(code), code).toBeNull();
    // The language data of V8 is an independent list.
    const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
    for (const code of COUNTRIES) expect(names.of(code), code).toBeTruthy();
  });

  it.each([
    ["UK", "GB (United Kingdom)"],
    ["EL", "GR (Greece)"],
    ["gb", "GB (United Kingdom)"],
    ["de ", "DE (Germany)"],
    ["USA", "US (United States)"],
    ["AUT", "AT (Austria)"],
    ["GER", "DE (Germany)"],
    ["ED", "DE (Germany)"],
    ["SU", "RU (Russia)"],
    ["Germany", "DE (Germany)"],
    ["Netherland", "NL (Netherlands)"],
    ["Great Britain", "GB (United Kingdom)"],
    ["Deutschland", "DE (Germany)"],
    ["SP", "ES (Spain)"],
    ["eu", "EU"],
    ["Europe", "EU"],
  ])("%j is refused with the nearest right one", (code, near) => {
    expect(problemOf(code)).toBe(
      `residency.rules.0.countries.0: ${JSON.stringify(code)} is not allowed; no country has this code; did you mean ${near}?`,
    );
  });

  it.each(["XX", "T1", "t1"])("%s belongs to residency.unknown", (code) => {
    expect(problemOf(code)).toMatch(/callers of unknown country have this code; set residency\.unknown for them$/);
  });

  it.each([
    ["QX", /codes with Q: QA$/],
    ["", /must be a two-letter country code of ISO 3166-1 in capitals, or "EU"$/],
    ["ÄÖ", /must be a two-letter country code of ISO 3166-1 in capitals, or "EU"$/],
    ["GXB", /codes with G: GA, GB, GD, GE/],
  ])("%j, which is near to none, is refused with the codes of its letter", (code, hint) => {
    expect(problemOf(code)).toMatch(hint);
    expect(nearestCountry(code)).toBeNull();
  });
});
