/** The models of a package, on the runtimes that serve them: the edge's engine by the manifest, and the origin's onnxruntime-node. */
import { readFile } from "node:fs/promises";
import {
  type EdgeEntry,
  MAX_EDGE_HEAP_BYTES,
  type Manifest,
  windowTokensOf,
} from "../../../../formats/model-package/manifest.ts";
import { createTokenizer } from "../../../../formats/model-package/tokenizer.ts";
import type { TextOrPair, Tokens } from "../../../../formats/tokenizer/tokenizer.ts";
import { toRow } from "../../../../gateway/dispatch/scores.ts";
import type { SideAnswer } from "../../../../gateway/sides.ts";
import { createInference } from "../../../../lambda-origin/infer.ts";
import { readVerified } from "../../../../lambda-origin/package-folder.ts";
import { readOriginFiles } from "../../../../lambda-origin/signed-package.ts";
import { contentTokens, windowsOf } from "../../../../lambda-origin/windows.ts";
import { openLocalPackage } from "../local-package.ts";
import { compileEdgeWasm, openEdgeModel } from "../pack/edge-runtime.ts";
import { compileEngineWasm, openEngineModel } from "../pack/engine-runtime.ts";

export interface Prediction {
  /** The label with the highest score. */
  label: string;
  /** Probability by label. */
  scores: Readonly<Record<string, number>>;
}

export interface Runtimes {
  modelId: string;
  labels: Manifest["labels"];
  problemType: Manifest["problemType"];
  /** Most tokens of a text at the edge, special tokens included; null for a package for the origin only. */
  edgeTokens: number | null;
  /** Most tokens of a window at the origin, special tokens included; a pair has one window. */
  windowTokens: number;
  acceptsPairs: boolean;
  /** Tokens of a text or a pair, special tokens included. */
  countTokens(text: TextOrPair): number;
  /** The edge on the text's first tokens, or on a whole pair. `tokens` includes the special tokens. Null for a package for the origin only. */
  edge: ((text: TextOrPair, tokens: number) => Promise<Prediction>) | null;
  /** The origin on the same tokens. */
  origin(text: TextOrPair, tokens: number): Promise<Prediction>;
  /** The origin on the whole text, window by window, or on the pair. */
  originWhole(text: TextOrPair): Promise<Prediction>;
}

/** What a model runs at once. */
type Input = Pick<Tokens, "ids" | "typeIds">;

/** The runtimes of a package for both sides. */
export interface BothRuntimes extends Runtimes {
  edgeTokens: number;
  edge(text: TextOrPair, tokens: number): Promise<Prediction>;
}

/** Whether the package has an edge model. */
export function hasEdge(runtimes: Runtimes): runtimes is BothRuntimes {
  return runtimes.edge !== null && runtimes.edgeTokens !== null;
}

/** @throws Error with one sentence if the folder is not a complete package, or one for the origin only */
export async function openBothRuntimes(folder: string, instead: OtherEdge | null = null): Promise<BothRuntimes> {
  const runtimes = await openRuntimes(folder, instead);
  if (hasEdge(runtimes)) return runtimes;
  throw new Error(`${folder} is packed for the origin only: it has no INT8 model to compare.`);
}

/** An edge model that is not part of a package. */
interface OtherEdge extends Pick<EdgeEntry, "engine" | "heapBytes" | "maxTokens"> {
  /** Path of the engine's file. */
  path: string;
}

/**
 * The package need not be signed: packages are evaluated before they are.
 * @param instead runs in place of the package's edge model
 * @throws Error with one sentence if the folder is not a complete package
 */
export async function openRuntimes(folder: string, instead: OtherEdge | null = null): Promise<Runtimes> {
  const { modelId, manifest } = await openLocalPackage(folder);
  const { labels, problemType, edge } = manifest;
  const files = await readOriginFiles(folder, manifest);
  const tokenizer = createTokenizer(files.tokenizer, files.tokenizerConfig);
  const contentIds = tokenizer.encodeContent;
  const { frame, framedTypeIds } = tokenizer;
  const framed = (ids: number[]): Input => ({ ids, typeIds: framedTypeIds(contentTokens(ids, frame)) });
  const infer = await createInference(files.model, labels.length);
  const runEdge = edge && (await openEdgeOf(folder, manifest, edge, instead));

  const firstTokens = (text: TextOrPair, tokens: number): Input => {
    if (typeof text !== "string") return tokenizer.encodeTyped(text);
    const content = contentIds(text).slice(0, tokens - frame.before.length - frame.after.length);
    return framed([...frame.before, ...content, ...frame.after]);
  };
  // Logits become scores by the gateway's own code.
  const predictionOf = (windows: SideAnswer["windows"]): Prediction => {
    const row = toRow({ model: modelId, labels, problemType, windows, timings: { runMs: 0 } }, undefined, undefined);
    return { label: row[0]?.label ?? "", scores: Object.fromEntries(row.map(({ label, score }) => [label, score])) };
  };
  const onOrigin = async (windows: readonly Input[]) => {
    const rows = await infer(
      windows.map(({ ids }) => ids),
      windows.map(({ typeIds }) => typeIds),
    );
    return predictionOf(
      windows.map(({ ids }, index) => ({ tokens: contentTokens(ids, frame), logits: rows[index] ?? [] })),
    );
  };
  const windowTokens = windowTokensOf(manifest);
  const wholeOf = (text: TextOrPair): Input[] =>
    typeof text === "string"
      ? windowsOf(contentIds(text), frame, windowTokens).map(framed)
      : [tokenizer.encodeTyped(text)];
  return {
    modelId,
    labels,
    problemType,
    edgeTokens: edge?.maxTokens ?? null,
    windowTokens,
    acceptsPairs: tokenizer.acceptsPairs && manifest.acceptsPairs !== false,
    countTokens: (text) => tokenizer.encode(text).length,
    edge:
      runEdge &&
      (async (text, tokens) => {
        const { ids, typeIds } = firstTokens(text, tokens);
        return predictionOf([{ tokens: ids.length, logits: Array.from(runEdge(ids, typeIds)) }]);
      }),
    origin: (text, tokens) => onOrigin([firstTokens(text, tokens)]),
    originWhole: (text) => onOrigin(wholeOf(text)),
  };
}

async function openEdgeOf(folder: string, manifest: Manifest, edge: EdgeEntry, instead: OtherEdge | null) {
  const file = await (instead === null ? readVerified(folder, manifest, edge.file) : readFile(instead.path));
  return await openEdge(instead ?? edge, file);
}

/** @returns token ids and token types of one text → one logit per label */
async function openEdge(
  { engine, heapBytes, maxTokens }: Pick<EdgeEntry, "engine" | "heapBytes" | "maxTokens">,
  file: Uint8Array,
): Promise<(tokenIds: readonly number[], typeIds: readonly number[]) => Float32Array> {
  if (engine === "spillway-engine") return openEngineModel(await compileEngineWasm(), file, maxTokens).run;
  const limits = { initialBytes: heapBytes, maximumBytes: MAX_EDGE_HEAP_BYTES[engine] };
  return (await openEdgeModel(await compileEdgeWasm(), file, limits)).run;
}
