import { expect, it } from "vitest";
import { IN_FORCE_EVERYWHERE_SECONDS, IN_FORCE_HERE_SECONDS } from "../../../policies/effect.ts";

it("an edit is in force within 35 s where it was made and 95 s everywhere", () => {
  expect([IN_FORCE_HERE_SECONDS, IN_FORCE_EVERYWHERE_SECONDS]).toEqual([35, 95]);
});
