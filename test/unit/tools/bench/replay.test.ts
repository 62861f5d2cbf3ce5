import { describe, expect, it } from "vitest";
import { Cell, type SeriesCell } from "../../../../formats/ledger/cells.ts";
import { seriesOf } from "../../../../formats/ledger/series.ts";
import { DAY_SHAPE, dayOf, hoursOf, MS_PER_HOUR } from "../../../../tools/bench/replay/day.ts";
import { agreementOf, edgeColdOf, lambdaMonthAt, monthAt } from "../../../../tools/bench/replay/facts.ts";
import type { AnsweredText } from "../../../../tools/bench/replay/phase.ts";
import { DayClock, replayDay } from "../../../../tools/bench/replay/skip-idle.ts";
import { LONG_PERCENT, LONG_TOKENS, TOKENS } from "../../../../tools/bench/text-length.ts";

describe("the day of texts", () => {
  const day = dayOf({ seed: 1, texts: 20_000 });

  it("is the same for the same seed, and another one for another seed", () => {
    expect(dayOf({ seed: 1, texts: 300 })).toEqual(dayOf({ seed: 1, texts: 300 }));
    expect(dayOf({ seed: 2, texts: 300 })).not.toEqual(dayOf({ seed: 1, texts: 300 }));
  });

  it("has exactly the texts that were asked for, in order, within a day", () => {
    expect(day).toHaveLength(20_000);
    const times = day.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((atMs) => atMs >= 0 && atMs <= 24 * MS_PER_HOUR)).toBe(true);
  });

  it("has the stated shares of long texts and of bursts, and the stated median length", () => {
    const long = day.filter(({ tokens }) => tokens >= LONG_TOKENS.min);
    expect((100 * long.length) / day.length).toBeCloseTo(LONG_PERCENT, 0);
    expect(day.filter(({ isBurst }) => isBurst)).toHaveLength(2000);
    const short = day.filter(({ tokens }) => tokens < LONG_TOKENS.min).map(({ tokens }) => tokens);
    const median = short.toSorted((a, b) => a - b)[Math.floor(short.length / 2)] ?? 0;
    expect(Math.abs(median - TOKENS.median)).toBeLessThan(2);
  });

  it("has a quiet night, an afternoon peak, and bursts of seconds", () => {
    const apart = day.filter(({ isBurst }) => !isBurst);
    const perHour = (hour: number) => hoursOf(apart, { fromHour: hour, hours: 1 }).length / (apart.length / 24);
    expect(perHour(2)).toBeLessThan(0.3);
    expect(perHour(DAY_SHAPE.peakAtHour)).toBeGreaterThan(1.65);
    const bursts = day.filter(({ isBurst }) => isBurst).map(({ atMs }) => atMs);
    const gaps = bursts.slice(1).filter((atMs, index) => atMs - (bursts[index] ?? 0) > DAY_SHAPE.burstSeconds * 1000);
    expect(gaps.length).toBeLessThan(DAY_SHAPE.bursts);
  });
});

describe("the replay", () => {
  /** Real time that moves only while something waits. */
  function fakeTime() {
    let nowMs = 1000;
    const waits: { untilMs: number; resolve: () => void }[] = [];
    return {
      nowMs: () => nowMs,
      wait: (ms: number) =>
        new Promise<void>((resolve) => {
          waits.push({ untilMs: nowMs + ms, resolve });
        }),
      async runAll() {
        for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        for (let next = waits.shift(); next !== undefined; next = waits.shift()) {
          waits.unshift(next);
          waits.sort((a, b) => a.untilMs - b.untilMs);
          const due = waits.shift();
          nowMs = Math.max(nowMs, due?.untilMs ?? 0);
          due?.resolve();
          for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        }
      },
    };
  }

  async function replayed(items: { atMs: number }[], runMs: number, settleMs = 0) {
    const real = fakeTime();
    const clock = new DayClock(real, 0);
    const log: string[] = [];
    const done = replayDay(items, clock, (_item, index) => {
      log.push(`sent ${index} at ${clock.nowMs()}`);
      const answer = real.wait(runMs).then(() => {
        log.push(`answered ${index} at ${clock.nowMs()}`);
        return index;
      });
      return { answer, settled: answer.then(() => (settleMs > 0 ? real.wait(settleMs) : null)) };
    }).then((answers) => ({ answers, tookMs: real.nowMs() - 1000 }));
    await real.runAll();
    return { ...(await done), log };
  }

  it("skips the time in which no request is in progress, and nothing else", async () => {
    const { answers, log, tookMs } = await replayed([{ atMs: 600_000 }, { atMs: 3_000_000 }], 100);
    expect(answers).toEqual([0, 1]);
    expect(log).toEqual(["sent 0 at 600000", "answered 0 at 600100", "sent 1 at 3000000", "answered 1 at 3000100"]);
    expect(tookMs).toBe(200);
  });

  it("lets texts overlap as they would without skips", async () => {
    const { log } = await replayed([{ atMs: 500_000 }, { atMs: 500_040 }], 100);
    expect(log).toEqual(["sent 0 at 500000", "sent 1 at 500040", "answered 0 at 500100", "answered 1 at 500140"]);
  });

  it("skips nothing while an isolate loads its model after the answer", async () => {
    const { log } = await replayed([{ atMs: 0 }, { atMs: 700 }, { atMs: 90_000 }], 100, 900);
    expect(log.filter((line) => line.startsWith("sent"))).toEqual(["sent 0 at 0", "sent 1 at 700", "sent 2 at 90000"]);
  });
});

function answered(given: {
  because: string;
  route: "edge" | "origin";
  sentAtMs?: number;
  callerMs?: number;
  scores?: Record<string, number>;
}): AnsweredText {
  const { because, route, sentAtMs = 0, callerMs = 10, scores = { ham: 1 } } = given;
  const call = { status: 200, because, route, callerMs, gatewayMs: {}, scores };
  return { text: { atMs: 0, tokens: 10, isBurst: false }, isolate: 0, sentAtMs, call };
}

describe("texts that meet a cold edge", () => {
  const cold = answered({ because: "edge-cold", route: "origin", callerMs: 1500 });
  const ready = answered({ because: "within-share", route: "edge", sentAtMs: 2000 });

  it("are answered by Lambda: none has waited for the load", () => {
    expect(edgeColdOf([cold, ready])).toEqual({ texts: 1, p95Ms: 1500, waited: 0 });
  });

  it("have waited if the edge answered them before its model is known to be ready", () => {
    const waiting = answered({ because: "origin-failed", route: "edge", sentAtMs: 100 });
    const later = answered({ because: "origin-failed", route: "edge", sentAtMs: 3000 });
    expect(edgeColdOf([cold, waiting, ready, later]).waited).toBe(1);
    expect(edgeColdOf([cold, waiting]).waited).toBe(1);
  });
});

describe("agreement", () => {
  it("compares the texts that both sides answered, one on each day", () => {
    const lambda = [0.9, 0.6, 0.8].map((ham) =>
      answered({ because: "outside-share", route: "origin", scores: { ham, spam: 1 - ham } }),
    );
    const edge = [0.88, 0.45, 0.8].map((ham) =>
      answered({ because: "within-share", route: "edge", scores: { ham, spam: 1 - ham } }),
    );
    const long = answered({ because: "too-long", route: "origin" });
    const result = agreementOf([...lambda, long], [...edge, long]);
    expect(result).toMatchObject({ compared: 3, sameLabel: 2 });
    expect(result.largestScoreGap).toBeCloseTo(0.15);
    expect(result.disagreementAtMost).toBeGreaterThan(1 / 3);
  });
});

describe("the bill of a month", () => {
  function usage(because: string, arm: string, sum: number): SeriesCell {
    const cell = new Cell();
    cell.sum = sum;
    return { series: seriesOf("usage", { because, arm }), cell };
  }

  it("scales what the day's texts cost to the texts of a month", () => {
    const cells = [usage("edge-cpu-us", "inside", 1000 * 100_000)];
    const month = monthAt(cells, 1000, 2_500_000);
    expect(month?.lines).toEqual([expect.objectContaining({ quantity: expect.closeTo(250e6, -3) })]);
    // $0.02 per million CPU-ms: 250 M at list prices.
    expect(month?.listUsd).toBeCloseTo(5);
  });

  it("has Lambda answer what the edge answered, at the price of the texts outside the share", () => {
    const cells = [
      usage("origin-mib-ms", "outside-a", 900 * 3072 * 650),
      usage("origin-requests", "outside-a", 900),
      usage("edge-cpu-us", "inside", 1e9),
    ];
    // The published figures: 650 ms at 3 GB for 2.5 M texts are $81.25 at list prices, and $0.50 for the requests.
    expect(lambdaMonthAt(cells, { inside: 100, outside: 900, ineligible: 0 }, 2_500_000).listUsd).toBeCloseTo(81.75);
  });
});
