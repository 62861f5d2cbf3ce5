/** One memory for one model after the other. */
import { describe, expect, it } from "vitest";
import { createEngine } from "../../../engine/create-engine.ts";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import type { Architecture } from "../../../engine/format/architecture.ts";
import { quantizeEncoder } from "../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../engine/pack/write-weights.ts";
import { randomEncoder } from "../../../engine/sample/random-encoder.ts";
import { WeightsError } from "../../../engine/weights-error.ts";
import { engineModule, loadFile, SMALL } from "../../support/engine.ts";

const { bytes: file } = writeWeights(quantizeEncoder(randomEncoder(SMALL, { seed: 1 })));
const text = { ids: [1, 5, 9, 150, 2] };
const expected = runToEnd(loadFile(file, 64).run([text]));

describe("memory", () => {
  it("is what the plan asks for: a model that needs more than allowed is refused by its size", () => {
    expect(() => loadFile(file, 64, { maxMemoryBytes: 131_072 })).toThrow(
      /^The model needs \d+ bytes of memory for this many tokens; the engine may use 131072\.$/,
    );
  });

  it("serves one model after the other, and grows for a larger one", () => {
    const engine = createEngine(engineModule);
    const load = (bytes: Uint8Array, maxTokens: number) => {
      const loading = engine.load({ maxTokens });
      loading.write(bytes);
      return loading.finish();
    };
    const large: Architecture = { ...SMALL, vocabulary: 2000, width: 128, embeddingWidth: 128, feedForward: 512 };
    const largeFile = writeWeights(quantizeEncoder(randomEncoder(large, { seed: 2 }))).bytes;
    const first = load(file, 16);
    const before = engine.memoryBytes();
    const second = load(largeFile, 64);
    expect(engine.memoryBytes()).toBeGreaterThan(before);
    expect(runToEnd(second.run([text]))).toEqual(runToEnd(loadFile(largeFile, 64).run([text])));
    expect(() => runToEnd(first.run([text]))).toThrow("The engine has loaded another model since, or failed to.");
    const grown = engine.memoryBytes();
    expect(runToEnd(load(file, 16).run([text]))).toEqual(expected);
    expect(engine.memoryBytes()).toBe(grown);
  });

  it("keeps a loaded model until the next one's header is accepted, and loses it then", () => {
    const engine = createEngine(engineModule);
    const start = () => engine.load({ maxTokens: 64 });
    const loading = start();
    loading.write(file);
    const encoder = loading.finish();
    expect(() => start().write(new Uint8Array(200))).toThrow(WeightsError);
    expect(runToEnd(encoder.run([text]))).toEqual(expected);

    const broken = start();
    expect(() => broken.write(file.slice().fill(1, file.length - 64))).toThrow(WeightsError);
    expect(() => broken.finish()).toThrow(WeightsError);
    expect(() => runToEnd(encoder.run([text]))).toThrow("The engine has loaded another model since, or failed to.");

    const again = start();
    again.write(file);
    expect(runToEnd(again.finish().run([text]))).toEqual(expected);
  });

  it("belongs to the last load that began: an earlier one can neither write nor finish", () => {
    const engine = createEngine(engineModule);
    const [first, second] = [engine.load({ maxTokens: 64 }), engine.load({ maxTokens: 64 })];
    first.write(file.subarray(0, 20_000));
    second.write(file);
    expect(() => first.write(file.subarray(20_000))).toThrow("Another load has begun to use the memory.");
    expect(() => first.finish()).toThrow("Another load has begun to use the memory.");
    expect(runToEnd(second.finish().run([text]))).toEqual(expected);
  });
});
