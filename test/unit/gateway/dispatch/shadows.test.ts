import { expect, it } from "vitest";
import { Shadows } from "../../../../gateway/dispatch/shadows.ts";

it("a text is new once for each model: comparisons with a candidate do not wait for texts that the policy's model has not seen", () => {
  const shadows = new Shadows();
  const pair = { text: "a", textPair: "b" };
  const seen = [
    ["a", "mail@1"],
    ["a", "mail@1"],
    ["a", "mail@2"],
    [pair, "mail@1"],
    [pair, "mail@1"],
  ] as const;
  expect(seen.map(([text, model]) => shadows.isNew(text, model))).toEqual([true, false, true, true, false]);
});
