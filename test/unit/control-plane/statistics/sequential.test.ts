/** Statistics that may be looked at often: values of SciPy and mpmath, and the error of all looks together. */
import { describe, expect, it } from "vitest";
import { logEValue, logEValueOfMore } from "../../../../control-plane/statistics/e-value.ts";
import { logBeta, logGamma } from "../../../../control-plane/statistics/gamma.ts";
import { fisherUpperTail } from "../../../../control-plane/statistics/hypergeometric.ts";
import { compareP95, errorOfLook, p95Look, textsOfLook } from "../../../../control-plane/statistics/p95-looks.ts";
import { upperBound } from "../../../../control-plane/statistics/proportion.ts";
import { rateBounds } from "../../../../control-plane/statistics/rate-bounds.ts";
import { Histogram } from "../../../../formats/ledger/histogram.ts";
import { binomial, randomOf } from "../../../../tools/bench/rollouts/sampling.ts";
import vectors from "../../../vectors/statistics.json" with { type: "json" };

function near(actual: number, expected: number, relative = 1e-10): void {
  expect(Math.abs(actual - expected), `${actual}, not ${expected}`).toBeLessThanOrEqual(
    relative * Math.abs(expected) + 1e-13,
  );
}

describe("functions have the values of SciPy and mpmath", () => {
  it.each(vectors.logGamma)("ln Γ($x)", ({ x, logGamma: expected }) => near(logGamma(x), expected));
  it.each(vectors.logBeta)("ln B($a, $b)", ({ a, b, logBeta: expected }) => near(logBeta(a, b), expected));
  it.each(vectors.logEValue)("ln E of $treatment and $control at $part", ({ part, logE, ...events }) =>
    near(logEValue(events, part), logE, 1e-8),
  );
  it.each(vectors.rateBounds)("bounds of $count of $n", ({ count, n, confidence, low, high }) => {
    const bounds = rateBounds({ count, n }, confidence);
    near(bounds.low, low, 1e-6);
    near(bounds.high, high, 1e-6);
  });
  it.each(vectors.fisher)("Fisher's test of $first and $second", ({ first, second, p }) => {
    const [a = 0, n = 0] = first;
    const [b = 0, m = 0] = second;
    near(fisherUpperTail({ count: a, n }, { count: b, n: m }), p, 1e-9);
  });
});

describe("the e-value of failures", () => {
  it.each([
    [4, 0, 14],
    [5, 0, 50],
    [6, 0, 200],
    [6, 3, 55],
    [8, 5, 340],
  ])("%i inside and %i outside at a share of 10 %% are about %i", (treatment, control, expected) => {
    const e = Math.exp(logEValue({ treatment, control }, 0.1));
    expect(e / expected).toBeGreaterThan(0.93);
    expect(e / expected).toBeLessThan(1.07);
  });

  it("is evidence of more failures only, and of the larger one of the asked and the measured part", () => {
    const texts = { treatment: 100, control: 900 };
    expect(logEValueOfMore({ treatment: 5, control: 95 }, texts, 0.1)).toBe(Number.NEGATIVE_INFINITY);
    const events = { treatment: 30, control: 30 };
    expect(logEValueOfMore(events, texts, 0.1)).toBe(logEValue(events, 0.1));
    // Three times as many texts as were asked for have three times as many failures.
    expect(logEValueOfMore(events, { treatment: 300, control: 700 }, 0.1)).toBe(logEValue(events, 0.3));
    expect(logEValueOfMore(events, { treatment: 500, control: 500 }, 0.1)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("reaches 100 in at most 1 % of sequences of equal arms, looked at after every failure", () => {
    const random = randomOf(3, 0);
    const runs = 2000;
    let reached = 0;
    for (let run = 0; run < runs; run++) {
      const events = { treatment: 0, control: 0 };
      let highest = 0;
      for (let failure = 0; failure < 300; failure++) {
        events[random() < 0.1 ? "treatment" : "control"] += 1;
        highest = Math.max(highest, logEValue(events, 0.1));
      }
      if (highest >= Math.log(100)) reached += 1;
    }
    expect(reached / runs).toBeLessThanOrEqual(0.01);
  });
});

describe("bounds of a rate", () => {
  const RATE = 0.01;
  const LOOKS = 100;

  /** Sequences whose true rate is below the bound at some look of 100 comparisons each. */
  function missed(boundOf: (count: number, n: number) => number): number {
    const random = randomOf(5, 0);
    const runs = 1000;
    let wrong = 0;
    for (let run = 0; run < runs; run++) {
      let count = 0;
      let isWrong = false;
      for (let look = 1; look <= LOOKS; look++) {
        count += binomial(random, 100, RATE);
        isWrong ||= boundOf(count, 100 * look) < RATE;
      }
      if (isWrong) wrong += 1;
    }
    return wrong / runs;
  }

  it("hold at all looks together, where Clopper and Pearson's bound fails three times as often as it promises", () => {
    expect(missed((count, n) => rateBounds({ count, n }, 0.95).high)).toBeLessThanOrEqual(0.05);
    expect(missed((count, n) => upperBound({ count, n }))).toBeGreaterThan(0.15);
  });

  it("show at most 1 % from 480 trials without an event on", () => {
    expect(rateBounds({ count: 0, n: 480 }, 0.95).high).toBeLessThanOrEqual(0.01);
    expect(rateBounds({ count: 0, n: 460 }, 0.95).high).toBeGreaterThan(0.01);
    expect(rateBounds({ count: 0, n: 0 }, 0.95)).toMatchObject({ low: 0, high: 1 });
  });
});

describe("the looks at P95", () => {
  it("are due at 200 · 2^(k/2) texts, and spend 5 % together", () => {
    expect([0, 199, 282, 283, 399, 400, 565, 566].map(p95Look)).toEqual([0, 0, 0, 1, 1, 2, 2, 3]);
    for (let look = 1; look < 60; look++) {
      expect(p95Look(textsOfLook(look))).toBe(look);
      expect(p95Look(textsOfLook(look) - 1)).toBe(look - 1);
    }
    const spent = Array.from({ length: 100_000 }, (_, at) => errorOfLook(at + 1)).reduce((sum, error) => sum + error);
    expect(spent).toBeLessThanOrEqual(0.05);
    expect(spent).toBeGreaterThan(0.0499);
  });

  it("compare both P95s with bounds that hold the true ratio", () => {
    const [slow, fast] = [new Histogram(), new Histogram()];
    for (let ms = 1; ms <= 4000; ms++) {
      slow.observe(1.3 * ms);
      fast.observe(ms);
    }
    const { ratio, treatmentMs, controlMs } = compareP95(slow, fast, p95Look(4000));
    expect(ratio?.low).toBeLessThan(1.3);
    expect(ratio?.low).toBeGreaterThan(1.2);
    expect(ratio?.high).toBeGreaterThan(1.3);
    expect((treatmentMs ?? 0) / (controlMs ?? 1)).toBe(ratio?.value);
    expect(compareP95(new Histogram(), fast, 1)).toMatchObject({ treatmentMs: null, ratio: null });
  });
});
