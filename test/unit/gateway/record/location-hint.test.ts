import { expect, it } from "vitest";
import { coloOf, locationHintOf } from "../../../../gateway/record/location-hint.ts";

it.each([
  [{ continent: "NA", longitude: "-122.4" }, "wnam"],
  [{ continent: "NA", longitude: "-73.9" }, "enam"],
  [{ continent: "NA" }, "enam"],
  [{ continent: "SA" }, "sam"],
  [{ continent: "EU", longitude: "8.68" }, "weur"],
  [{ continent: "EU", longitude: "21.01" }, "eeur"],
  [{ continent: "AS", country: "JP" }, "apac"],
  [{ continent: "AS", country: "AE" }, "me"],
  [{ continent: "OC" }, "oc"],
  [{ continent: "AF" }, "afr"],
  [{ continent: "AN" }, "enam"],
  [{ continent: 7 }, "enam"],
  [undefined, "enam"],
  [null, "enam"],
])("%j has the location hint %s", (cf, hint) => {
  expect(locationHintOf(cf)).toBe(hint);
});

it.each([
  [{ colo: "FRA" }, "FRA"],
  [{ colo: "fra" }, ""],
  [{ colo: 7 }, ""],
  [undefined, ""],
])("%j is in the location %j", (cf, colo) => {
  expect(coloOf(cf)).toBe(colo);
});
