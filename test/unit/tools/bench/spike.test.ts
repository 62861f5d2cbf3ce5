import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../../tools/bench/spike/isolate.ts";
import { saturationPerSecond, simulate } from "../../../../tools/bench/spike/measure.ts";
import { DRAWN, type PictureData, pictureSchema, spikePicture } from "../../../../tools/bench/spike/picture.ts";
import { policyOf } from "../../../../tools/bench/spike/policies.ts";
import { type ArrivingText, ASSUMPTIONS, trafficOf } from "../../../../tools/bench/spike/traffic.ts";
import { percentile } from "../../../../tools/bench/statistics.ts";

const EDGE = { maxTokens: 256, timeMs: { base: 0, perToken: 1, perTokenSquared: 0 } };
const text: ArrivingText = { arrivesAtMs: 0, tokens: 100, stickyKey: "a", runNoise: 1, originMs: 60 };

describe("one isolate", () => {
  it("runs one inference at a time, in the order of arrival, the wait known to the millisecond", async () => {
    const texts = [text, { ...text, arrivesAtMs: 30 }, { ...text, arrivesAtMs: 40 }];
    const answered = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
    expect(answered.map(({ waitMs }) => waitMs)).toEqual([0, 70, 160]);
    expect(answered.map(({ answerMs }) => answerMs)).toEqual([100, 170, 260]);
  });

  it("sends to the origin what would wait too long, and plain routing does not", async () => {
    const texts = Array.from({ length: 7 }, () => text);
    const adaptive = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
    // Of seven at once, five are within 400 ms: the fifth waits that long exactly.
    expect(adaptive.filter(({ because }) => because === "edge-busy")).toHaveLength(2);
    expect(Math.max(...adaptive.filter(({ side }) => side === "edge").map(({ waitMs }) => waitMs))).toBe(400);
    const plain = await simulate({ texts, policy: policyOf("plain"), edge: EDGE });
    expect(plain.map(({ waitMs }) => waitMs)).toEqual([0, 100, 200, 300, 400, 500, 600]);
  });

  it("sends a text that does not fit the edge to the origin in every way", async () => {
    for (const way of ["plain", "adaptive"] as const) {
      const texts = [{ ...text, tokens: 257 }];
      const [answer] = await simulate({ texts, policy: policyOf(way), edge: EDGE });
      expect(answer).toMatchObject({ side: "origin", because: "too-long", answerMs: 60 });
    }
  });

  it("goes over to the origin by edge-slow only once the origin's recent P95 is known", async () => {
    const long = { ...text, tokens: 250 };
    const tooLong = Array.from({ length: 6 }, () => ({ ...text, tokens: 300 }));
    const later = [long, long].map((one) => ({ ...one, arrivesAtMs: 500 }));
    const routes = async (texts: readonly ArrivingText[]) =>
      (await simulate({ texts, policy: policyOf("adaptive-budget-200"), edge: EDGE })).map(({ because }) => because);
    expect(await routes(later)).not.toContain("edge-slow");
    expect(await routes([...tooLong, ...later])).toContain("edge-slow");
  });
});

describe("the traffic", () => {
  const texts = trafficOf({ seed: 1, ratePerSecond: 50, seconds: 400 });

  it("arrives at the rate that was asked for, gaps as uneven as a Poisson process has them", () => {
    expect(texts.length).toBeGreaterThan(19_500);
    expect(texts.length).toBeLessThan(20_500);
    const gaps = texts.slice(1).map(({ arrivesAtMs }, index) => arrivesAtMs - (texts[index]?.arrivesAtMs ?? 0));
    // An exponential's median is ln 2 of its mean, which is 20 ms.
    expect(percentile(gaps, 50)).toBeCloseTo(20 * Math.LN2, 0);
  });

  it("has the lengths, the noise and the origin that are assumed", () => {
    const { tokens, origin } = ASSUMPTIONS;
    const near = (value: number, wanted: number) => expect(Math.abs(value / wanted - 1)).toBeLessThan(0.03);
    near(
      percentile(
        texts.map((one) => one.tokens),
        50,
      ),
      tokens.median,
    );
    near(texts.filter((one) => one.tokens <= 256).length / texts.length, 0.95);
    near(texts.reduce((sum, one) => sum + one.runNoise, 0) / texts.length, 1);
    near(
      percentile(
        texts.map((one) => one.originMs),
        50,
      ),
      origin.warmMs.median,
    );
    const cold = texts.filter((one) => one.originMs > origin.coldMs.min).length / texts.length;
    expect(Math.abs(100 * cold - origin.coldPercent)).toBeLessThan(0.3);
  });

  it("saturates the edge where the inferences of one second take a second", () => {
    const timeMs = { base: 20, perToken: 0, perTokenSquared: 0 };
    // 95 % fit, 20 ms each.
    expect(saturationPerSecond({ maxTokens: 256, timeMs }, 512)).toBeCloseTo(50 / 0.95, 0);
  });
});

describe("happenings", () => {
  it("come out by time, those of the same time as they were added, and none before its time", () => {
    const happenings = new EventQueue();
    const seen: string[] = [];
    for (const [atMs, name] of [
      [3, "c"],
      [1, "a"],
      [3, "d"],
      [2, "b"],
    ] as const) {
      happenings.add({ atMs, happen: () => seen.push(name) });
    }
    expect(happenings.takeUntil(0)).toBeNull();
    for (let next = happenings.takeUntil(3); next !== null; next = happenings.takeUntil(3)) next.happen();
    expect(seen).toEqual(["a", "b", "c", "d"]);
  });
});

describe("the picture", () => {
  const data: PictureData = {
    bench: "spike",
    model: "a-model@0123456789ab",
    seconds: 60,
    spikes: 10,
    maxQueueMs: 400,
    saturationPerSecond: 33.3,
    rows: DRAWN.flatMap((way, index) =>
      [1, 50].map((ratePerSecond) => ({
        way,
        ratePerSecond,
        edgeWaitMs: { p95: ratePerSecond * 10 ** index },
        originPercent: { total: 5 + index },
      })),
    ),
  };

  it("shows every line's last number, the limit and the saturation of the measurement", () => {
    const svg = spikePicture(pictureSchema.parse(data));
    for (const words of ["50 ms", "500 ms", "5 s", "5 %", "6 %", "7 %", "limit 400 ms", "33.3", data.model]) {
      expect(svg).toContain(words);
    }
    expect(svg).not.toContain("NaN");
  });

  it("is not drawn where a line is missing", () => {
    const rows = data.rows.filter(({ way }) => way !== "plain");
    expect(() => spikePicture({ ...data, rows })).toThrow("measure again");
  });
});
