/** The measurements, on the real wasm. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { OrtError } from "../../../../../../gateway/edge/onnx/runtime.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { compileEdgeWasm, openEdgeModel } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import {
  fitTokenModel,
  type MeasuredModel,
  measureHeapBytes,
  runsIn,
  sampleIds,
} from "../../../../../../tools/spillway/model/pack/measure.ts";
import { toOrt } from "../../../../../../tools/spillway/model/pack/onnx-entry.ts";
import { ortFailure } from "../../../../../../tools/spillway/model/pack/pack-error.ts";
import { SMALL, useScratch } from "./scratch.ts";

const PAGE_BYTES = 65_536;
const VOCABULARY = 20_000;
const scratch = useScratch();
let wasm: WebAssembly.Module;
let ort: Buffer;
let model: MeasuredModel;

beforeAll(async () => {
  // Large enough that the heap is above the module's own minimum of 16 MiB.
  await writeDistilbertFolder(scratch.path("medium"), {
    ...SMALL,
    positions: 512,
    dim: 256,
    heads: 4,
    hidden: 512,
    vocabulary: VOCABULARY,
  });
  await toOrt(scratch.path("medium/model_quantized.onnx"), scratch.path("medium.ort"));
  ort = await readFile(scratch.path("medium.ort"));
  wasm = await compileEdgeWasm();
  model = { wasm, ort, vocabularySize: VOCABULARY };
});

describe("the measured heap", () => {
  it("is the smallest: the same runs fail with one page less", async () => {
    const tokens = 256;
    const heapBytes = await measureHeapBytes(model, tokens);
    const runIn = async (bytes: number) => {
      const opened = await openEdgeModel(wasm, ort, { initialBytes: bytes, maximumBytes: bytes });
      for (const share of [1, 0.5, 0.13, 0.8, 1, 0.3, 1]) {
        opened.run(sampleIds(Math.round(tokens * share), VOCABULARY));
      }
    };
    await runIn(heapBytes);
    await expect(runIn(heapBytes - PAGE_BYTES)).rejects.toMatchObject({ outOfMemory: true });
  });

  it("holds several texts or does not, which a trial shows", async () => {
    const heapBytes = await measureHeapBytes(model, 64);
    expect(await runsIn(heapBytes, model, [64, 32])).toBe(true);
    expect(await runsIn(heapBytes, model, [64, 256])).toBe(false);
  });

  it("grows with the tokens", async () => {
    expect(await measureHeapBytes(model, 16)).toBeLessThan(await measureHeapBytes(model, 256));
  });
});

describe("the wasm heap", () => {
  it("is never larger than its limit, and opening fails if the limit is too small", async () => {
    const limits = { initialBytes: 0, maximumBytes: 2 ** 24 };
    // 16 MiB is the module's own minimum: the runtime fits, and 64 MiB of weights do not.
    await expect(openEdgeModel(wasm, new Uint8Array(2 ** 26), limits)).rejects.toMatchObject({ outOfMemory: true });
  });
});

describe("a model that the edge cannot run", () => {
  it("is refused with the name of the missing operator, from the wasm's own message", async () => {
    const strange = Buffer.from(ort);
    const softmax = "Softmax";
    for (let at = strange.indexOf(softmax); at !== -1; at = strange.indexOf(softmax)) strange.write("Hardmox", at);
    const limits = { initialBytes: 2 ** 25, maximumBytes: 2 ** 26 };
    const error = await openEdgeModel(wasm, strange, limits).then(
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
