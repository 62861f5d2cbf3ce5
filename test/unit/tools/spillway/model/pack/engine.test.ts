/** Packages for spillway-engine: its weights are made from the FP32 file and compared with it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeHeader, readHeaderBytes } from "../../../../../../engine/format/header.ts";
import { planMemory } from "../../../../../../engine/plan-memory.ts";
import { createInference } from "../../../../../../lambda-origin/infer.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { openLocalPackage } from "../../../../../../tools/spillway/model/local-package.ts";
import { compileEngineWasm, openEngineModel } from "../../../../../../tools/spillway/model/pack/engine-runtime.ts";
import { silent } from "../../../../../../tools/spillway/terminal/progress.ts";
import { gapOf, PAIR, quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();

describe.each(["distilbert", "bert", "roberta"] as const)("a %s that is packed without an INT8 file", (family) => {
  it("computes its golden logits in the memory that its manifest lists, for 512 tokens", async () => {
    const out = scratch.path(`${family}-package`);
    await writeDistilbertFolder(scratch.path(family), { ...SMALL, positions: 512, family, quantized: false });
    const { manifest, edge: report } = await quickPack({ folder: scratch.path(family), out });
    expect(await openLocalPackage(out)).toMatchObject({ manifest });
    const { edge, edgeFallback } = manifest;
    if (edge === null) throw new Error("packed for the edge");
    expect(edge).toMatchObject({ engine: "spillway-engine", file: "edge.weights", maxTokens: 512 });
    expect(edgeFallback).toBeNull();
    const weights = new Uint8Array(await readFile(join(out, edge.file)));
    const header = decodeHeader(weights.subarray(0, readHeaderBytes(weights)));
    expect(edge.heapBytes).toBe(planMemory(header, 512).totalBytes);
    const { run } = openEngineModel(await compileEngineWasm(), weights, edge.maxTokens);
    for (const { tokenIds, logits } of edge.golden) expect([...run(tokenIds)]).toEqual(logits);
    const infer = await createInference(await readFile(join(out, manifest.origin.file)), 3);
    const [typed, untyped] = await infer([PAIR.ids, PAIR.ids], [PAIR.typeIds, PAIR.ids.map(() => 0)]);
    const atEdge = run(PAIR.ids, PAIR.typeIds);
    if (family === "bert") expect(gapOf(atEdge, typed)).toBeLessThan(gapOf(atEdge, untyped) / 2);
    else expect([typed, [...atEdge]]).toEqual([untyped, [...run(PAIR.ids)]]);
    expect(report?.gaps.map(({ engine }) => engine)).toEqual(["spillway-engine"]);
    // As the tools measured it: the command's tools run the engine in workerd, the quick ones give 0.1 ms and 0.01 ms per token.
    const { timeMs } = edge;
    const predictedMs = (tokens: number) =>
      timeMs.base + tokens * timeMs.perToken + tokens ** 2 * timeMs.perTokenSquared;
    for (const tokens of [8, 512]) expect(predictedMs(tokens)).toBeCloseTo(0.1 + tokens / 100, 6);
  });
});

describe("a tokenizer whose template has token types that the model's table does not have", () => {
  const template = (singleType: number, pairType: number) => {
    const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
    return {
      type: "TemplateProcessing",
      single: [text("A", singleType)],
      pair: [text("A", 0), text("B", pairType)],
      special_tokens: {},
    };
  };
  const pack = async (name: string, post_processor: object) => {
    const folder = scratch.path(name);
    await writeDistilbertFolder(folder, { ...SMALL, family: "bert", quantized: false });
    const file = join(folder, "tokenizer.json");
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), post_processor }));
    const notes: string[] = [];
    const progress = { ...silent, note: (line: string) => void notes.push(line) };
    const packed = await quickPack({ folder, out: scratch.path(`${name}-package`), originOnly: true }, progress);
    return { packed, notes };
  };

  it("is packed for single texts, with a note, if only pairs have them", async () => {
    const { packed, notes } = await pack("pair-types", template(1, 2));
    expect(packed.manifest.acceptsPairs).toBe(false);
    expect(notes).toContainEqual(expect.stringMatching(/^The model cannot run the token types of pairs: /));
    const { packed: whole } = await pack("all-types", template(1, 1));
    expect(whole.manifest.acceptsPairs).toBeUndefined();
  });

  it("is refused if single texts have them", async () => {
    await expect(pack("single-types", template(2, 0))).rejects.toThrow(/cannot run a text with token type 2, which/);
  });
});

describe("a package for spillway-engine", () => {
  it("reports the gap of the folder's INT8 file too", async () => {
    const folder = await scratch.model("both");
    const { edge } = await quickPack({ folder, out: scratch.path("both-gaps"), maxTokens: 16 });
    expect(edge?.gaps.map(({ engine }) => engine)).toEqual(["spillway-engine", "onnxruntime-web"]);
    for (const { mean, largest, spread } of edge?.gaps ?? []) {
      expect(mean).toBeLessThan(spread / 2);
      expect(largest).toBeGreaterThan(mean);
    }
    expect(edge?.laneBound).toMatch(/^the fullest 16-bit lane sums to \d+, at most 258 cannot overflow$/);
  });

  it("stores onnxruntime-web's file too, with --with-fallback", async () => {
    const folder = await scratch.model("fallback");
    const out = scratch.path("with-fallback");
    const { manifest } = await quickPack({ folder, out, maxTokens: 32, withFallback: true });
    expect(manifest).toMatchObject({
      edge: { engine: "spillway-engine", file: "edge.weights" },
      edgeFallback: { engine: "onnxruntime-web", file: "edge.ort", maxTokens: 32 },
    });
    expect(manifest.files.map(({ name }) => name)).toContain("edge.ort");
    expect(await openLocalPackage(out)).toMatchObject({ manifest });
  });

  it("is made although the folder's INT8 file is not usable, with a note", async () => {
    const folder = await scratch.model("unusable-int8");
    await writeFile(join(folder, "model_quantized.onnx"), "not a model");
    const notes: string[] = [];
    const progress = { ...silent, note: (line: string) => void notes.push(line) };
    const { manifest } = await quickPack({ folder, out: scratch.path("despite-int8"), maxTokens: 16 }, progress);
    expect(manifest.edge?.engine).toBe("spillway-engine");
    expect(notes).toContainEqual(expect.stringMatching(/^The INT8 model was not compared: .*not an ONNX file/));
  });

  it("has only as many tokens as the model has positions", async () => {
    const folder = await scratch.model("asked", { int8: false });
    const { manifest } = await quickPack({ folder, out: scratch.path("asked-package"), maxTokens: 4096 });
    expect(manifest.edge?.maxTokens).toBe(64);
  });
});
