/** Which engines a manifest may name, and what each may use. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { edgeFileNames, MAX_EDGE_HEAP_BYTES, parseManifest } from "../../../../formats/model-package/manifest.ts";

const model = { base: 1, perToken: 0, perTokenSquared: 0 };
const entry = {
  file: "edge.weights",
  engine: "spillway-engine",
  maxTokens: 512,
  heapBytes: 2 ** 20,
  memoryBytes: model,
  timeMs: model,
  golden: [{ tokenIds: [1, 2], logits: [0.5, -0.5] }],
  goldenTolerance: 1e-3,
};
const fallback = { ...entry, file: "edge.ort", engine: "onnxruntime-web" };
const { engine: _, ...unnamed } = fallback;

function parse(change: Record<string, unknown>) {
  const manifest = {
    format: "spillway-model/1",
    name: "tiny",
    version: 1,
    labels: ["ham", "spam"],
    problemType: "single_label_classification",
    tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
    edge: entry,
    origin: { file: "origin.onnx" },
    files: [{ name: "origin.onnx", sizeBytes: 1, sha256: "0".repeat(64) }],
    ...change,
  };
  return parseManifest(new TextEncoder().encode(JSON.stringify(manifest)));
}

function accepted(change: Record<string, unknown>) {
  const parsed = parse(change);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.manifest;
}

describe("a manifest of before spillway-engine", () => {
  it("is one for onnxruntime-web, without a fallback", () => {
    expect(accepted({ edge: unnamed })).toMatchObject({ edge: { engine: "onnxruntime-web" }, edgeFallback: null });
  });

  it("is read as it was committed: the mail tagger's first", async () => {
    const bytes = await readFile(new URL("manifest-before-engines.json", import.meta.url));
    const parsed = parseManifest(bytes);
    expect(parsed).toMatchObject({ ok: true, manifest: { edge: { engine: "onnxruntime-web", file: "edge.ort" } } });
  });
});

describe("a manifest", () => {
  it("may name spillway-engine, with onnxruntime-web as its fallback", () => {
    const manifest = accepted({ edgeFallback: fallback });
    expect(manifest).toMatchObject({ edge: entry, edgeFallback: fallback });
    expect(edgeFileNames(manifest)).toEqual(["tokenizer.json", "tokenizer_config.json", "edge.weights", "edge.ort"]);
  });

  it("for the origin only has no files for the edge", () => {
    expect(edgeFileNames(accepted({ edge: null }))).toEqual([]);
  });

  const allowed = (engine: keyof typeof MAX_EDGE_HEAP_BYTES) => MAX_EDGE_HEAP_BYTES[engine];
  it.each([
    [
      "an unknown engine, with the allowed ones",
      { edge: { ...entry, engine: "webgpu" } },
      'edge.engine: Invalid option: expected one of "spillway-engine"|"onnxruntime-web"',
    ],
    [
      "more heap than spillway-engine may use",
      { edge: { ...entry, heapBytes: allowed("spillway-engine") + 1 } },
      "edge.heapBytes: 77594625 is more than the 77594624 bytes that spillway-engine may use",
    ],
    [
      "more heap than onnxruntime-web may use",
      { edge: { ...unnamed, heapBytes: allowed("onnxruntime-web") + 1 } },
      "edge.heapBytes: 94371841 is more than the 94371840 bytes that onnxruntime-web may use",
    ],
    [
      "a fallback for another engine",
      { edgeFallback: { ...entry, file: "other.weights" } },
      "edgeFallback.engine: it must be onnxruntime-web",
    ],
    [
      "a fallback for onnxruntime-web",
      { edge: { ...fallback, file: "other.ort" }, edgeFallback: fallback },
      "edgeFallback: only a package whose edge is spillway-engine has a fallback",
    ],
    [
      "a fallback without an edge model",
      { edge: null, edgeFallback: fallback },
      "edgeFallback: only a package whose edge is spillway-engine has a fallback",
    ],
    ["a key of two lines, on one", { "ke\ny": 1 }, 'Unrecognized key: "ke y"'],
    ["a label twice", { labels: ["ham", "ham"] }, "labels: each label must be there once"],
    [
      "golden logits of other labels",
      { labels: ["ham", "spam", "news"] },
      "edge.golden.0.logits: it has 2 numbers for 3 labels",
    ],
    [
      "one file for two engines",
      { edgeFallback: { ...fallback, file: entry.file } },
      "edgeFallback.file: it is the file of edge too",
    ],
  ])("is refused with %s", (_, change, problem) => {
    expect(parse(change)).toEqual({ ok: false, problem });
  });
});
