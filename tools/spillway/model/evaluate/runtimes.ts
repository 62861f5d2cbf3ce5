/** The two models of a package on the runtimes that serve them: the edge's wasm engine and the origin's onnxruntime-node. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EDGE_HEAP_MAX_BYTES, type Manifest } from "../../../../formats/model-package/manifest.ts";
import { toRow } from "../../../../gateway/dispatch/scores.ts";
import type { SideAnswer } from "../../../../gateway/world.ts";
import { createInference } from "../../../../lambda-origin/infer.ts";
import {
  MANIFEST_FILE,
  parseManifest,
  readOriginFiles,
  readVerified,
  sha256Hex,
} from "../../../../lambda-origin/package-files.ts";
import { createTokenizer } from "../../../../lambda-origin/tokenize.ts";
import { contentTokens, windowsOf } from "../../../../lambda-origin/windows.ts";
import { openEdgeModel } from "../pack/edge-runtime.ts";

/** The label a model gives, and its probabilities by label. */
export interface Prediction {
  label: string;
  scores: Readonly<Record<string, number>>;
}

export interface Runtimes {
  modelId: string;
  labels: Manifest["labels"];
  problemType: Manifest["problemType"];
  /** The most tokens that the edge takes. */
  edgeTokens: number;
  /** Tokens of a text, the special ones included. */
  countTokens(text: string): number;
  /** Both on the same input: the text's first tokens, as many as asked for. */
  edge(text: string, tokens: number): Promise<Prediction>;
  origin(text: string, tokens: number): Promise<Prediction>;
  /** The origin on the whole text, window by window. */
  originWhole(text: string): Promise<Prediction>;
}

/** @throws Error with one sentence when the folder is not a whole package, or one for the origin alone */
export async function openRuntimes(folder: string): Promise<Runtimes> {
  // Packages are evaluated before anybody signs them: here the manifest alone says what the files are.
  const manifestBytes = await readFile(join(folder, MANIFEST_FILE));
  const manifest = parseManifest(manifestBytes);
  const modelId = `${manifest.name}@${sha256Hex(manifestBytes)}`;
  const { model, tokenizer, tokenizerConfig } = await readOriginFiles(folder, manifest);
  const { labels, problemType, edge } = manifest;
  if (edge === null) throw new Error(`${folder} is packed for the origin alone: it has no INT8 model to compare.`);
  const { frame, contentIds } = createTokenizer(tokenizer, tokenizerConfig);
  const infer = await createInference(model, labels.length);
  const limits = { initialBytes: edge.heapBytes, maximumBytes: EDGE_HEAP_MAX_BYTES };
  const edgeModel = await openEdgeModel(await readVerified(folder, manifest, edge.file), limits);
  const firstTokens = (text: string, tokens: number) => [
    frame.startId,
    ...contentIds(text).slice(0, tokens - 2),
    frame.endId,
  ];
  // Logits become scores exactly as they do in the gateway.
  const verdict = (windows: SideAnswer["windows"]): Prediction => {
    const row = toRow({ model: modelId, labels, problemType, windows, timings: { runMs: 0 } }, undefined, undefined);
    return { label: row[0]?.label ?? "", scores: Object.fromEntries(row.map(({ label, score }) => [label, score])) };
  };
  const onOrigin = async (windows: number[][]) => {
    const rows = await infer(windows);
    return verdict(windows.map((window, index) => ({ tokens: contentTokens(window), logits: rows[index] ?? [] })));
  };
  return {
    modelId,
    labels,
    problemType,
    edgeTokens: edge.maxTokens,
    countTokens: (text) => contentIds(text).length + 2,
    edge: async (text, tokens) => {
      const tokenIds = firstTokens(text, tokens);
      return verdict([{ tokens: tokenIds.length, logits: Array.from(edgeModel.run(tokenIds)) }]);
    },
    origin: (text, tokens) => onOrigin([firstTokens(text, tokens)]),
    originWhole: (text) => onOrigin(windowsOf(contentIds(text), frame)),
  };
}
