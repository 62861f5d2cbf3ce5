import { describe, expect, it } from "vitest";
import { enginePicture, pictureSchema } from "../../../../tools/bench/engine/picture.ts";
import { engineResult, problemOf } from "../../../../tools/bench/engine/report.ts";
import { measureRunners, type Runner } from "../../../../tools/bench/engine/runners.ts";

describe("the result of the bench engine", () => {
  const samples = { engine: [30, 33, 40], stock: [120, 100, 110], nativeInt8: [25, 26, 27], nativeFp32: [60, 61, 62] };
  const result = engineResult({
    model: "distilbert@1",
    rounds: 3,
    weightBytes: 1,
    times: [{ tokens: 128, samples }],
    batches: [],
    multiplyAdds: () => 1.5e9,
    accuracy: [],
    parts: [],
    load: { engine: { callerMs: 1, heapBytes: 1 }, stock: { callerMs: 1, heapBytes: 1 } },
  });
  const { lengths } = result;

  it("gives minima, medians, and ratios of minima", () => {
    expect(lengths).toEqual([
      expect.objectContaining({
        tokens: 128,
        engineMs: 30,
        engineMsP50: 33,
        stockMs: 100,
        stockMsP50: 110,
        engineOverStock: 0.3,
        engineOverStockP50: 0.3,
        engineOverNativeInt8: 1.2,
      }),
    ]);
  });

  it("names each promise that the numbers break, at DistilBERT's size", () => {
    const [length] = lengths;
    if (length === undefined) throw new Error("one length was measured");
    const batch = { texts: 4, tokens: 8, togetherMs: 1, oneByOneMs: 1, togetherMsP50: 1, oneByOneMsP50: 1 };
    const slow = {
      ...result,
      lengths: [{ ...length, engineOverStock: 0.37, engineOverNativeInt8: 1.31 }],
      batches: [{ ...batch, togetherOverOneByOne: 1 }],
    };
    expect(problemOf(result)).toBeNull();
    expect(problemOf(slow)).toBe(
      "The engine breaks its promises: 0.37 of onnxruntime-web's time at 128 tokens; 1.31 of native INT8's at 128 tokens; 4 texts of 8 tokens are no faster as one run.",
    );
    expect(problemOf({ ...slow, model: "mail-tagger@1" })).toBeNull();
  });

  it("names mails that get another label than with FP32, if onnxruntime-web changes fewer", () => {
    const gaps = { texts: "held-out mails", count: 1189, meanGap: 0, stockMeanGap: 0, maxGap: 0, stockMaxGap: 0 };
    const problem = (model: string, labelsChanged: number) =>
      problemOf({ ...result, model, accuracy: [{ ...gaps, model, labelsChanged, stockLabelsChanged: 1 }] });
    expect(problem("mail-tagger", 1)).toBeNull();
    expect(problem("mail-tagger", 2)).toBe(
      "The engine breaks its promises: 2 of 1189 mails get another label than with FP32, and 1 with onnxruntime-web.",
    );
    expect(problem("distilbert", 2)).toBeNull();
  });

  it("counts multiply-adds per second of the fastest run", () => {
    expect(lengths[0]?.gmacPerSecond).toBe(50);
  });
});

describe("the measurement of several runners", () => {
  it("alternates them within each round and turns the order around", async () => {
    const order: string[] = [];
    const runner =
      (name: string): Runner =>
      (_ids, runs) => {
        order.push(`${name} ${runs}`);
        return Promise.resolve({ logits: [], runMs: 50 });
      };
    const inputs = [[1, 2, 3]];
    const times = await measureRunners({ a: runner("a"), b: runner("b") }, inputs, 3);
    expect(order.slice(-6)).toEqual(["a 2", "b 2", "b 2", "a 2", "a 2", "b 2"]);
    expect(times).toEqual([{ input: [1, 2, 3], samples: { a: [50, 50, 50], b: [50, 50, 50] } }]);
  });
});

describe("the picture", () => {
  const row = (tokens: number, engineMs: number) => ({
    ...{ tokens, engineMs, stockMs: 3 * engineMs, nativeInt8Ms: engineMs, nativeFp32Ms: 2 * engineMs },
  });
  const accuracy = (model: string, meanGap: number) => ({
    ...{ model, texts: "mails", count: 50, labelsChanged: 1, stockLabelsChanged: 2, meanGap, stockMeanGap: 0.02 },
  });
  const data = {
    bench: "engine",
    model: "distilbert@1",
    lengths: [row(8, 10), row(512, 500)],
    batches: [{ texts: 4, tokens: 8, togetherOverOneByOne: 0.61 }],
    accuracy: [accuracy("distilbert", 0.01)],
    parts: [{ tokens: 512, ms: { gemmStore: 300, gemmAdd: 100, attention: 90, layerNorm: 10 } }],
  };

  it("shows what was measured, and the accuracy of other models", () => {
    const other = { ...data, accuracy: [accuracy("mail-tagger", 0.004)] };
    const svg = enginePicture(pictureSchema.parse(data), [pictureSchema.parse(other)]);
    for (const text of ["onnxruntime-web 1500 ms", "engine 500 ms", "80 %", "18 %", "4 × 8", "0.61"])
      expect(svg).toContain(`${text}<`);
    for (const text of ["distilbert: 50 mails", "0.010, 1 labels", "mail-tagger: 50 mails", "0.004, 1 labels"])
      expect(svg).toContain(`${text}<`);
    expect(svg).not.toContain("NaN");
  });

  it("is not drawn of another bench's JSON", () => {
    expect(pictureSchema.safeParse({ ...data, bench: "memory" }).success).toBe(false);
  });
});
