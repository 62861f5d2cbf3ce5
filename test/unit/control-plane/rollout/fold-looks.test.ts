/** Looks that judge the same, one after another, are one row of a list. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldLooks, timesOf } from "../../../../control-plane/rollout/fold-looks.ts";
import type { Verdict } from "../../../../control-plane/rollout/types.ts";
import { HOUR_MS, START_MS } from "../../../support/rollout.ts";

const MINUTE_MS = HOUR_MS / 60;
const look = (minute: number, verdict: Verdict, step = "10 %") => ({
  atMs: START_MS + minute * MINUTE_MS,
  step,
  verdict,
});

describe("looks", () => {
  const looks = [
    ...[0, 1, 2].map((minute) => look(minute, "inconclusive")),
    look(3, "successful"),
    ...[4, 5].map((minute) => look(minute, "inconclusive", "50 %")),
  ];

  it("are folded while verdict and step are the same", () => {
    expect(foldLooks(looks).map(({ first, last, looks: all }) => [first, last, all.length])).toEqual([
      [looks[0], looks[2], 3],
      [looks[3], looks[3], 1],
      [looks[4], looks[5], 2],
    ]);
  });

  it("are not folded across what happened between them", () => {
    const paused = START_MS + 0.5 * MINUTE_MS;
    expect(foldLooks(looks, [paused]).map(({ looks: all }) => all.length)).toEqual([1, 2, 1, 2]);
  });

  it("are all there, in their order", () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>("inconclusive", "successful", "failed"));
    fc.assert(
      fc.property(verdicts, fc.array(fc.nat(20)), (all, breaks) => {
        const given = all.map((verdict, minute) => look(minute, verdict));
        const folded = foldLooks(
          given,
          breaks.map((minute) => START_MS + minute * MINUTE_MS),
        );
        expect(folded.flatMap((group) => group.looks)).toEqual(given);
      }),
    );
  });
});

it("the times of a row have the date of the end only where it is another one", () => {
  const [first, last, nextDay] = [look(0, "failed"), look(28, "failed"), look(24 * 60, "failed")];
  expect(timesOf({ first, last })).toBe("2026-11-26 10:00 to 10:28");
  expect(timesOf({ first, last: first })).toBe("2026-11-26 10:00");
  expect(timesOf({ first, last: nextDay })).toBe("2026-11-26 10:00 to 2026-11-27 10:00");
});
