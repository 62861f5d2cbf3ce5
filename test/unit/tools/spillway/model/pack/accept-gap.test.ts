/** An INT8 model beyond the bound: refused, or accepted and recorded. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseManifest } from "../../../../../../formats/model-package/manifest.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { describeGap, measureLogitGap } from "../../../../../../tools/spillway/model/pack/logit-gap.ts";
import type { PackOptions } from "../../../../../../tools/spillway/model/pack/pack.ts";
import { packageLines } from "../../../../../../tools/spillway/model/package-summary.ts";
import { silent } from "../../../../../../tools/spillway/terminal/progress.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
const onnx = { engine: "onnxruntime-web", maxTokens: 16 } as const;

/** A folder whose INT8 file is of another model, and one whose file is all zeros. */
beforeAll(async () => {
  await writeDistilbertFolder(scratch.path("other"), { ...SMALL, seed: 2 });
  const foreign = await scratch.model("foreign");
  await cp(scratch.path("other/model_quantized.onnx"), join(foreign, "model_quantized.onnx"));
  const path = join(await scratch.model("zeros"), "model_quantized.onnx");
  const { graph, ...model } = await readModel(path);
  const initializer = graph.initializer.map((tensor) => {
    const isWeight = /_quantized$|\.bias$/.test(tensor.name ?? "");
    return isWeight ? { ...tensor, rawData: new Uint8Array(tensor.rawData?.byteLength ?? 0) } : tensor;
  });
  await writeModel({ ...model, graph: { ...graph, initializer } }, path);
});

const pack = (name: string, options: Partial<PackOptions>, notes: string[] = []) =>
  quickPack(
    { folder: scratch.path(name), out: scratch.path(`${name}-package`), ...options },
    { ...silent, note: (line: string) => void notes.push(line) },
  );

describe("an INT8 file beyond the bound", () => {
  it("is refused where it would serve, with the numbers, the next step and the option", async () => {
    await expect(pack("foreign", onnx)).rejects.toThrow(
      /model_quantized\.onnx in onnxruntime-web computes other logits than the FP32 model: .* Pass the INT8 file of this model with --quantized\. To pack it as it is: --accept-gap\.$/,
    );
  });

  it.each(["foreign", "zeros"])("is refused where spillway-engine serves: the folder has a %s file", async (name) => {
    await expect(pack(name, { maxTokens: 16 })).rejects.toThrow(
      /model_quantized\.onnx .* spillway-engine does not need it: remove the file, or replace it/,
    );
  });
});

describe("--accept-gap", () => {
  it("packs it, notes it, and records it in the manifest", async () => {
    const notes: string[] = [];
    const { manifest } = await pack("foreign", { ...onnx, acceptGap: true }, notes);
    const recorded = manifest.acceptedGaps ?? [];
    expect(recorded).toEqual([
      { engine: "onnxruntime-web", mean: expect.any(Number), largest: expect.any(Number), spread: expect.any(Number) },
    ]);
    expect(notes).toContainEqual(expect.stringMatching(/^accepted: .*computes other logits/));
    const parsed = parseManifest(await readFile(scratch.path("foreign-package/manifest.json")));
    expect(parsed).toMatchObject({ ok: true, manifest: { acceptedGaps: recorded } });
    expect(packageLines(manifest).join("\n")).toMatch(/accepted gap {2}onnxruntime-web: logits differ by /);
  });

  it("records nothing for a file that is not part of the package", async () => {
    const { manifest } = await pack("zeros", { maxTokens: 16, acceptGap: true });
    expect(manifest.edge?.engine).toBe("spillway-engine");
    expect(manifest.acceptedGaps).toBeUndefined();
  });
});

describe("the gap", () => {
  const measured = (run: (ids: readonly number[]) => readonly number[]) =>
    measureLogitGap("onnxruntime-web", (ids) => Float32Array.from(run(ids)), {
      infer: async ([ids = []]) => [logits(ids)],
      vocabularySize: 1000,
      maxTokens: 100,
    });
  /** One label is always far ahead, as trained classifiers do on random tokens. */
  const logits = (ids: readonly number[]) => [4 + Math.sin(ids[0] ?? 0), -4 - Math.cos(ids[1] ?? 0)];
  const file = { name: "int8.onnx", isGiven: true };

  it("of the same model is within the bound", async () => {
    expect(describeGap(await measured((ids) => logits(ids).map((logit) => logit * 1.05)), file)).toBeNull();
  });

  it("shows another model that prefers the same label", async () => {
    const other = await measured((ids) => [4 + Math.sin((ids[2] ?? 0) + 1), -4 - Math.sin(ids[3] ?? 0)]);
    expect(other.mean).toBeLessThan(other.spread / 2);
    expect(describeGap(other, file)).toMatch(
      /they change together with a correlation of .*; at least 0\.5 is required/,
    );
    // Of weights that the packer made from the FP32 file, it is known whose they are.
    expect(describeGap(other, { ...file, isGiven: false })).toBeNull();
  });

  it("of logits that are not numbers is beyond the bound", async () => {
    expect(describeGap(await measured(() => [Number.NaN, 1]), file)).toMatch(/at most half of that is allowed/);
  });

  it("includes the longest text that the edge runs", async () => {
    const lengths: number[] = [];
    await measured((ids) => {
      lengths.push(ids.length);
      return logits(ids);
    });
    expect(Math.max(...lengths)).toBe(100);
  });
});
