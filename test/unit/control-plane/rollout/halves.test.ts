/** The halves of the outside arm, judged for ever by the code of rollouts. */
import { expect, it } from "vitest";
import { type HalvesWatch, watchHalves } from "../../../../control-plane/rollout/halves.ts";
import { armOf, goodFigures, HOUR_MS, NO_TEXTS, START_MS } from "../../../support/rollout.ts";

const ALIKE = goodFigures({ treatment: armOf(20_000, 20), control: armOf(20_000, 22) });
const DIFFERENT = goodFigures({ treatment: armOf(20_000, 120), control: armOf(20_000, 22) });

function watched(watch: HalvesWatch | null, figures = ALIKE, hours = 1, policyVersion = 4): HalvesWatch {
  return watchHalves(watch, { nowMs: START_MS + hours * HOUR_MS, policyVersion, figures });
}

it("halves that are alike are a run without a false alarm, however often they are judged", () => {
  let watch = watched(null, ALIKE, 0);
  expect(watch).toMatchObject({ runs: 0, falseAlarms: 0, verdict: null, sinceMs: START_MS });
  for (let hour = 1; hour < 24; hour++) watch = watched(watch, ALIKE, hour);
  expect(watch).toMatchObject({ runs: 1, falseAlarms: 0, verdict: "inconclusive" });
});

it("a failed verdict is one false alarm of its run, with the numbers", () => {
  const alarmed = watched(watched(watched(null, ALIKE, 0), DIFFERENT), DIFFERENT, 2);
  expect(alarmed).toMatchObject({ runs: 1, falseAlarms: 1, verdict: "failed" });
  expect(alarmed.reason).toMatch(
    /^120 of 20,000 texts of the first half failed \(0\.60 %\), and 22 of 20,000 of the second half/,
  );
});

it("a run ends with its policy version, and after 7 days", () => {
  const alarmed = watched(watched(null, ALIKE, 0), DIFFERENT);
  for (const next of [watched(alarmed, DIFFERENT, 2, 5), watched(alarmed, DIFFERENT, 7 * 24)]) {
    expect(next).toMatchObject({ runs: 1, falseAlarms: 1, verdict: null });
    expect(watched(next, ALIKE, 7 * 24 + 1, next.policyVersion)).toMatchObject({ runs: 2, falseAlarms: 1 });
  }
});

it("without texts there is no run", () => {
  expect(watched(watched(null, ALIKE, 0), goodFigures(NO_TEXTS))).toMatchObject({ runs: 0, verdict: null });
});
