/** The measurements on the real wasm. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { OrtError } from "../../../../../../gateway/edge/onnx/runtime.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { toOrt } from "../../../../../../tools/spillway/model/pack/edge.ts";
import { openEdgeModel } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import { fitTokenModel, measureHeapBytes, sampleIds } from "../../../../../../tools/spillway/model/pack/measure.ts";
import { ortFailure } from "../../../../../../tools/spillway/model/pack/pack-error.ts";
import { SMALL, useScratch } from "./scratch.ts";

const PAGE_BYTES = 65_536;
const VOCABULARY = 20_000;
const scratch = useScratch();
let ort: Buffer;

beforeAll(async () => {
  // Large enough that the heap is above the module's own minimum of 16 MiB.
  await writeDistilbertFolder(scratch.path("medium"), {
    ...SMALL,
    dim: 256,
    heads: 4,
    hidden: 512,
    vocabulary: VOCABULARY,
  });
  await toOrt(scratch.path("medium/model_quantized.onnx"), scratch.path("medium.ort"));
  ort = await readFile(scratch.path("medium.ort"));
});

describe("the measured heap", () => {
  it("is the smallest: the same runs fail with one page less", async () => {
    const tokens = 256;
    const heapBytes = await measureHeapBytes(ort, VOCABULARY, tokens);
    const runIn = async (bytes: number) => {
      const model = await openEdgeModel(ort, { initialBytes: bytes, maximumBytes: bytes });
      for (const share of [1, 0.5, 0.13, 0.8, 1, 0.3, 1]) {
        model.run(sampleIds(Math.round(tokens * share), VOCABULARY));
      }
    };
    await runIn(heapBytes);
    await expect(runIn(heapBytes - PAGE_BYTES)).rejects.toMatchObject({ outOfMemory: true });
  });

  it("grows with the tokens", async () => {
    expect(await measureHeapBytes(ort, VOCABULARY, 16)).toBeLessThan(await measureHeapBytes(ort, VOCABULARY, 256));
  });
});

describe("the wasm heap", () => {
  it("is never larger than its limit, and says so when the limit is too small", async () => {
    const limits = { initialBytes: 0, maximumBytes: 2 ** 24 };
    // 16 MiB is the module's own minimum: it holds the runtime and nothing of 64 MiB.
    await expect(openEdgeModel(new Uint8Array(2 ** 26), limits)).rejects.toMatchObject({ outOfMemory: true });
  });
});

describe("what the edge cannot run", () => {
  it("for want of an operator is named by that operator, in the wasm's own words", async () => {
    const strange = Buffer.from(ort);
    const softmax = "Softmax";
    for (let at = strange.indexOf(softmax); at !== -1; at = strange.indexOf(softmax)) strange.write("Hardmox", at);
    const limits = { initialBytes: 2 ** 25, maximumBytes: 2 ** 26 };
    const error = await openEdgeModel(strange, limits).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OrtError);
    expect(ortFailure("The edge", "model.onnx", "do this", error).message).toBe(
      "The edge has no operator Hardmox, which model.onnx needs; do this.",
    );
  });
});

describe("fitTokenModel", () => {
  it("finds the quadratic that the points lie on", () => {
    const points = [16, 64, 128, 256].map((tokens) => ({ tokens, value: 5e6 + 8000 * tokens + 96 * tokens ** 2 }));
    const { base, perToken, perTokenSquared } = fitTokenModel(points);
    expect(base).toBeCloseTo(5e6, 0);
    expect(perToken).toBeCloseTo(8000, 3);
    expect(perTokenSquared).toBeCloseTo(96, 6);
  });

  it("needs three different token counts", () => {
    expect(() => fitTokenModel([16, 16, 32].map((tokens) => ({ tokens, value: 1 })))).toThrow(/three different/);
  });
});
