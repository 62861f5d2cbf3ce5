/** How two graphs are compared, and how the shapes of tensors are inferred. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { compareLogits, gapBetween } from "../../../../../../tools/spillway/model/graph/compare-logits.ts";
import { dimensionOf } from "../../../../../../tools/spillway/model/graph/dimension.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { textInputsOf } from "../../../../../../tools/spillway/model/graph/text-inputs.ts";
import { rewriteIfEquivalent } from "../../../../../../tools/spillway/model/pack/first-token-graph.ts";
import { scratchFolder, vector } from "./scratch.ts";

const scratch = scratchFolder();
const plain = vector("distilbert-17-eager-script.onnx");

describe("the comparison", () => {
  const small = { layers: 1, dim: 8, heads: 2, hidden: 8, vocabulary: 128, positions: 20, quantized: false } as const;

  it("finds other weights, and a graph that rejects an input of the first graph", async () => {
    const folders = ["seed-1", "seed-2", "short"].map((name) => join(scratch, name));
    const [one = "", other = "", short = ""] = folders.map((folder) => join(folder, "model.onnx"));
    await writeDistilbertFolder(join(scratch, "seed-1"), small);
    await writeDistilbertFolder(join(scratch, "seed-2"), { ...small, seed: 2 });
    await writeDistilbertFolder(join(scratch, "short"), { ...small, positions: 10 });
    const inputs = textInputsOf((await readModel(one)).graph);
    expect(await compareLogits(one, one, inputs)).toEqual({ largestGap: 0, tokens: [1, 2, 3, 17, 18, 20] });
    expect((await compareLogits(one, other, inputs)).largestGap).toBeGreaterThan(0.01);
    expect((await compareLogits(one, short, inputs)).largestGap).toBe(Number.POSITIVE_INFINITY);
  });

  it("keeps a model unchanged whose logits are not numbers", async () => {
    const model = await readModel(plain);
    const broken = model.graph.initializer.map((tensor) =>
      tensor.name?.endsWith("classifier.bias")
        ? { ...tensor, rawData: Buffer.alloc(tensor.rawData?.length ?? 0, 0xff) }
        : tensor,
    );
    const path = join(scratch, "broken.onnx");
    await writeModel({ ...model, graph: { ...model.graph, initializer: broken } }, path);
    const result = await rewriteIfEquivalent(path, join(scratch, "broken-out.onnx"));
    expect(result).toEqual({ changed: false, reason: "Its logits differed by Infinity; at most 0.0001 is allowed." });
    expect(await readdir(scratch)).not.toContain("broken-out.onnx");
  });
});

describe("gapBetween", () => {
  it.each([
    ["equal logits", [1, 2], [1, 2], 0],
    ["the largest difference", [1, 2], [1.5, 0], 2],
    ["NaN in one", [1, 2], [1, Number.NaN], Number.POSITIVE_INFINITY],
    ["NaN in both", [Number.NaN], [Number.NaN], Number.POSITIVE_INFINITY],
    ["infinity in both", [Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    ["another number of logits", [1, 2], [1], Number.POSITIVE_INFINITY],
  ])("is right for %s", (_, expected, actual, gap) => {
    expect(gapBetween([expected], [actual])).toBe(gap);
  });

  it("is infinite when a graph returned nothing", () => {
    expect(gapBetween([[1]], undefined)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("dimensionOf", () => {
  const runs = [
    { batch: 2, length: 3 },
    { batch: 1, length: 5 },
    { batch: 3, length: 4 },
  ];
  it.each([
    ["a constant", () => 12, { factor: 12, batch: 0, length: 0 }],
    ["texts", (batch: number) => batch, { factor: 1, batch: 1, length: 0 }],
    ["tokens", (_: number, length: number) => length, { factor: 1, batch: 0, length: 1 }],
    ["heads of all texts", (batch: number) => 4 * batch, { factor: 4, batch: 1, length: 0 }],
    ["pairs of tokens", (_: number, length: number) => length * length, { factor: 1, batch: 0, length: 2 }],
    ["one more than the tokens", (_: number, length: number) => length + 1, null],
  ])("infers %s", (_, value, expected) => {
    expect(dimensionOf(runs.map((run) => ({ ...run, value: value(run.batch, run.length) })))).toEqual(expected);
  });
});
