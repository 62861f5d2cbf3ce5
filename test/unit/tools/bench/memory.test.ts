import { describe, expect, it } from "vitest";
import type { Accounted } from "../../../../tools/bench/memory/account.ts";
import { toSpeed } from "../../../../tools/bench/memory/compare-plain.ts";
import { groups, memoryPicture, type PictureData, pictureSchema } from "../../../../tools/bench/memory/picture.ts";
import { broken, ratios } from "../../../../tools/bench/memory/report.ts";
import { count, highestMiB, type Reading } from "../../../../tools/bench/memory/stage.ts";

const MIB = 2 ** 20;

const reading = (id: string, usedMiB: number, wasmMiB: number, peakMiB: number | null = null): Reading => {
  const usage = (mib: number) => ({
    usedSize: mib * MIB,
    totalSize: 30 * MIB,
    embedderHeapUsedSize: 0,
    backingStorageSize: 0,
  });
  const sampled =
    peakMiB === null ? null : { peak: usage(peakMiB), peakTotalSizeBytes: 30 * MIB, readings: 9, longestGapMs: 40 };
  return { id, stage: id, after: usage(usedMiB), wasmHeapBytes: wasmMiB * MIB, sampled };
};

describe("stages", () => {
  it("count the wasm heap in a peak with its size after the stage", () => {
    const { stages } = count(reading("cold", 8, 0), reading("load", 10, 88, 14), []);
    expect(stages[1]).toMatchObject({ after: { totalMiB: 98 }, peak: { totalMiB: 102, boundMiB: 118, readings: 9 } });
  });

  it("have the larger of the peak and the reading after it", () => {
    const { stages, peakMiB } = count(reading("cold", 8, 0), reading("load", 10, 88, 9), [
      reading("tokens-32", 11, 88, 15),
    ]);
    expect(stages.map(highestMiB)).toEqual([8, 98, 103]);
    expect(peakMiB).toBe(103);
  });

  it("are compared if both sides have them", () => {
    const plain = count(reading("cold", 2, 0), reading("load", 12, 184), []);
    const spillway = count(reading("cold", 8, 0), reading("load", 10, 88), [reading("mixed", 10, 88)]);
    expect(ratios(plain, spillway)).toEqual({
      peak: 2,
      stages: [
        { id: "cold", highest: 0.25 },
        { id: "load", highest: 2 },
      ],
    });
  });
});

describe("the budget", () => {
  const survived = { sameIsolate: true, sameHeap: true, ready: true };

  const held = (id: string, totalMiB: number) => {
    const { stages } = count(reading("cold", 8, 0), reading("load", 10, 74), [reading(id, totalMiB - 74, 74)]);
    expect(stages.at(-1)?.after.totalMiB).toBe(totalMiB);
    return stages;
  };

  it.each([
    ["spillway-engine", "tokens-512", 98, survived, null],
    ["spillway-engine", "tokens-512", 98.1, survived, "The isolate held 98.1 MiB at"],
    ["spillway-engine", "alternations", 98.1, survived, "the budget of that stage is 98 MiB."],
    ["onnxruntime-web", "tokens-256", 112, survived, null],
    ["onnxruntime-web", "mixed", 112.1, survived, "the budget of that stage is 112 MiB."],
    ["onnxruntime-web", "alternations", 120, survived, null],
    ["onnxruntime-web", "alternations", 120.1, survived, "the budget of that stage is 120 MiB."],
    ["spillway-engine", "mixed", 96, { ...survived, sameIsolate: false }, "another isolate answers now"],
    ["spillway-engine", "mixed", 96, { ...survived, ready: false }, "loaded again or is missing"],
    ["spillway-engine", "mixed", 96, { ...survived, sameHeap: false }, "loaded again or is missing"],
  ] as const)("%s at stage %s with %d MiB and %j: %j", (engine, id, totalMiB, survival, expected) => {
    const problem = broken({ stages: held(id, totalMiB), survived: survival }, engine);
    if (expected === null) expect(problem).toBeNull();
    else expect(problem).toContain(expected);
  });
});

describe("speed", () => {
  const cell = (side: "spillway" | "plain", runMs: number) => ({
    side,
    tokens: 64,
    good: [1, 2, 3].map(() => ({ ok: true, callerMs: runMs + 10, runMs })),
    others: [],
  });

  it("is a ratio of medians", () => {
    expect(toSpeed(64, [cell("spillway", 100), cell("plain", 120)], 3)).toMatchObject({
      spillway: { samples: 3, runP50Ms: 100, callerP50Ms: 110 },
      plainOverSpillway: { run: 1.2, caller: 1.18 },
    });
  });

  it("needs enough answers", () => {
    expect(() => toSpeed(64, [cell("spillway", 100), cell("plain", 120)], 4)).toThrow(
      "spillway answered 3 texts of 64 tokens; the bench needs 4.",
    );
  });
});

describe("the picture", () => {
  const accounted = (wasm: number, js: number, buffers: number): Accounted => ({
    wasmHeapMiB: wasm,
    v8UsedMiB: js,
    embedderMiB: 0,
    backingStorageMiB: buffers,
    totalMiB: wasm + js + buffers,
    limitMiB: 128,
  });
  const stagesOf = (wasm: number, js: number, buffers: number) => [
    { id: "load", after: accounted(wasm, js, buffers), peak: null },
    { id: "tokens-512", after: accounted(wasm, js, 0), peak: accounted(wasm, js + 5, buffers) },
  ];
  const data: PictureData = {
    bench: "memory",
    limitMiB: 128,
    budgetMiB: 112,
    weightsMiB: 64,
    stages: stagesOf(87, 13, 2),
    plain: { weightsMiB: 65, stages: stagesOf(185, 3, 66) },
  };

  it("has bars whose parts add up to the total", () => {
    for (const { bars } of groups(data)) {
      for (const { parts, totalMiB } of bars) {
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(totalMiB);
      }
    }
  });

  it("shows the largest reading", () => {
    expect(groups(data)[1]?.bars.map(({ totalMiB }) => totalMiB)).toEqual([259, 107]);
  });

  it("names both sides, the limit, the budget and every total", () => {
    const svg = memoryPicture(data);
    for (const content of [
      "plain Worker",
      "Spillway",
      "limit 128 MiB",
      "budget 112",
      "254 MiB",
      "107 MiB",
      "84 % of the limit",
    ]) {
      expect(svg).toContain(content);
    }
  });

  it("cannot be drawn from a measurement without the plain Worker", () => {
    expect(pictureSchema.safeParse({ ...data, plain: null }).success).toBe(false);
  });

  it("names the missing stage", () => {
    const withoutLoad = { ...data, stages: data.stages.filter(({ id }) => id !== "load") };
    expect(() => memoryPicture(withoutLoad)).toThrow('no stage "load" for Spillway');
  });
});
