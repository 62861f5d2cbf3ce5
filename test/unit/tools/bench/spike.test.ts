import { describe, expect, it } from "vitest";
import { saturationPerSecond } from "../../../../tools/bench/spike/measure.ts";
import { DRAWN, type PictureData, pictureSchema, spikePicture } from "../../../../tools/bench/spike/picture.ts";
import { policyOf } from "../../../../tools/bench/spike/policies.ts";
import { ASSUMPTIONS, trafficOf } from "../../../../tools/bench/spike/traffic.ts";
import { type ArrivingText, EventQueue, simulate } from "../../../../tools/simulation/isolate.ts";
import { percentile } from "../../../../tools/statistics.ts";

const EDGE = { maxTokens: 256, timeMs: { base: 0, perToken: 1, perTokenSquared: 0 } };
const text: ArrivingText = { arrivesAtMs: 0, tokens: 100, stickyKey: "a", runNoise: 1, originMs: 60 };

describe("one isolate", () => {
  it("runs one inference at a time, in the order of arrival, with an exact wait", async () => {
    const texts = [text, { ...text, arrivesAtMs: 30 }, { ...text, arrivesAtMs: 40 }];
    const answers = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
    expect(answers.map(({ waitMs }) => waitMs)).toEqual([0, 70, 160]);
    expect(answers.map(({ answerMs }) => answerMs)).toEqual([100, 170, 260]);
  });

  it("sends texts that would wait too long to the origin, unlike plain routing", async () => {
    const texts = Array.from({ length: 7 }, () => text);
    const adaptive = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
    // Of seven at once, five wait at most 400 ms; the fifth waits exactly 400 ms.
    expect(adaptive.filter(({ because }) => because === "edge-busy")).toHaveLength(2);
    expect(Math.max(...adaptive.filter(({ side }) => side === "edge").map(({ waitMs }) => waitMs))).toBe(400);
    const plain = await simulate({ texts, policy: policyOf("plain"), edge: EDGE });
    expect(plain.map(({ waitMs }) => waitMs)).toEqual([0, 100, 200, 300, 400, 500, 600]);
  });

  it("sends a text that does not fit the edge to the origin under every policy", async () => {
    for (const policy of ["plain", "adaptive"] as const) {
      const texts = [{ ...text, tokens: 257 }];
      const [answer] = await simulate({ texts, policy: policyOf(policy), edge: EDGE });
      expect(answer).toMatchObject({ side: "origin", because: "too-long", answerMs: 60 });
    }
  });

  it("spills with edge-slow only if the origin's recent P95 is known", async () => {
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

  it("arrives at the requested rate, with the gaps of a Poisson process", () => {
    expect(texts.length).toBeGreaterThan(19_500);
    expect(texts.length).toBeLessThan(20_500);
    const gaps = texts.slice(1).map(({ arrivesAtMs }, index) => arrivesAtMs - (texts[index]?.arrivesAtMs ?? 0));
    // An exponential's median is ln 2 of its mean, which is 20 ms.
    expect(percentile(gaps, 50)).toBeCloseTo(20 * Math.LN2, 0);
  });

  it("has the assumed lengths, noise and origin", () => {
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

  it("saturates the edge if the inferences of one second take a second", () => {
    const timeMs = { base: 20, perToken: 0, perTokenSquared: 0 };
    // 95 % fit, 20 ms each.
    expect(saturationPerSecond({ maxTokens: 256, timeMs }, 512)).toBeCloseTo(50 / 0.95, 0);
  });
});

describe("simulated events", () => {
  it("are removed by time, in the order of adding at the same time, and none before its time", () => {
    const events = new EventQueue();
    const seen: string[] = [];
    for (const [atMs, name] of [
      [3, "c"],
      [1, "a"],
      [3, "d"],
      [2, "b"],
    ] as const) {
      events.add({ atMs, run: () => seen.push(name) });
    }
    expect(events.removeNext(0)).toBeNull();
    for (let next = events.removeNext(3); next !== null; next = events.removeNext(3)) next.run();
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

  it("shows the last number of every line, the limit and the saturation", () => {
    const svg = spikePicture(pictureSchema.parse(data));
    for (const content of ["50 ms", "500 ms", "5 s", "5 %", "6 %", "7 %", "limit 400 ms", "33.3", data.model]) {
      expect(svg).toContain(content);
    }
    expect(svg).not.toContain("NaN");
  });

  it("is not drawn if a line is missing", () => {
    const rows = data.rows.filter(({ way }) => way !== "plain");
    expect(() => spikePicture({ ...data, rows })).toThrow("measure again");
  });
});
