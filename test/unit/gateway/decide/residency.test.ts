import { describe, expect, it } from "vitest";
import { permittedIn } from "../../../../gateway/decide/residency.ts";
import { policySchema } from "../../../../policies/schema.ts";

const rules = [
  { countries: ["EU"], allow: ["edge", "origin:eu-central-1"] },
  { countries: ["DE"], allow: ["edge", "origin"] },
  { countries: ["US", "CA"], allow: ["origin:us-east-1"] },
  { countries: ["KP"], allow: [] },
];

const address = { url: "https://example.com/", region: "us-east-1" };
const origins = { "eu-central-1": address, "us-east-1": address };

type Expected = { edge: boolean; eu: boolean; us: boolean };
const all = { edge: true, eu: true, us: true };
const none = { edge: false, eu: false, us: false };

function permitted(country: string | null, isEu: boolean, unknown?: unknown): Expected {
  const { residency } = policySchema.parse({
    origins,
    residency: { rules, ...(unknown !== undefined && { unknown }) },
  });
  const { edge, origin } = permittedIn(residency, { country, isEu });
  return { edge, eu: origin("eu-central-1"), us: origin("us-east-1") };
}

describe("residency", () => {
  it.each<[string, string | null, boolean, Expected]>([
    ["a country without a rule may use everything", "JP", false, all],
    ["a country in the EU is bound by the rule for the EU", "FR", true, { edge: true, eu: true, us: false }],
    ["two rules for one country must both allow", "DE", true, { edge: true, eu: true, us: false }],
    ["a rule of several countries", "CA", false, { edge: false, eu: false, us: true }],
    ["an empty list refuses", "KP", false, none],
    ["a country without the EU flag is not in the EU", "CH", false, all],
  ])("%s", (_, country, isEu, expected) => {
    expect(permitted(country, isEu)).toEqual(expected);
  });

  it.each([null, "XX", "T1"])("an unknown country (%s) follows `unknown`", (country) => {
    expect(permitted(country, false)).toEqual(all);
    expect(permitted(country, false, "allow")).toEqual(all);
    expect(permitted(country, false, "refuse")).toEqual(none);
    expect(permitted(country, false, ["edge"])).toEqual({ edge: true, eu: false, us: false });
    expect(permitted(country, false, [])).toEqual(none);
  });
});
