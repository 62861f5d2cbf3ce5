/** What runs at the edge: the user's package, or a model of DistilBERT's size as the bench `engine` measured it. */

import { edgeFileNames, type TokenModel } from "../../../formats/model-package/manifest.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { createTokenizer } from "../../../formats/model-package/tokenizer.ts";
import { openLocalPackage, readPackageFile } from "../model/local-package.ts";
import { fitTokenModel } from "../model/pack/measure.ts";
import type { CountTokens } from "./input/call.ts";
import recorded from "./recorded-engine.json" with { type: "json" };

export interface EdgeModel {
  /** As it is shown. */
  name: string;
  /** Where the times come from. */
  source: string;
  maxTokens: number;
  timeMs: TokenModel;
  /** Of the weights, in bytes. */
  weightBytes: number;
  /** Objects that a load reads from R2, signature and manifest included. */
  files: number;
}

/** Of a model of DistilBERT's size, as `tools/bench/figures/record.ts` wrote it from the bench's JSON. */
export const RECORDED = recorded;

/** Native FP32 of the same model, by tokens: the shape of the origin's time. */
export const FP32_MS: TokenModel = fitTokenModel(
  recorded.lengths.map(({ tokens, nativeFp32Ms }) => ({ tokens, value: nativeFp32Ms })),
);

/** The model for which no package is needed. */
export const DISTILBERT: EdgeModel = {
  name: "a model of DistilBERT's size",
  source: `${recorded.command}, recorded ${recorded.date}`,
  maxTokens: 512,
  timeMs: fitTokenModel(recorded.lengths.map(({ tokens, engineMs }) => ({ tokens, value: engineMs }))),
  weightBytes: recorded.weightBytes,
  files: 5,
};

/** @throws Error with one sentence for a folder that is no package, or has no edge model */
export async function edgeModelOf(folder: string): Promise<EdgeModel> {
  const { manifest, modelId } = await openLocalPackage(folder);
  const { edge } = manifest;
  if (edge === null) throw new Error(`${folder} is packed only for the origin; pass a package with an edge model.`);
  const weights = manifest.files.find(({ name }) => name === edge.file);
  return {
    name: shortModelId(modelId),
    source: "measured when the package was packed",
    maxTokens: edge.maxTokens,
    timeMs: edge.timeMs,
    weightBytes: weights?.sizeBytes ?? edge.heapBytes,
    files: edgeFileNames({ ...manifest, edgeFallback: null }).length + 2,
  };
}

/** Counts tokens as the package's model sees them, special tokens included. @throws Error with one sentence */
export async function tokenCounterOf(folder: string): Promise<CountTokens> {
  const { manifest } = await openLocalPackage(folder);
  const read = async (file: string) => new TextDecoder().decode(await readPackageFile(folder, file));
  const { file, configFile } = manifest.tokenizer;
  const { encode, acceptsPairs } = createTokenizer(await read(file), await read(configFile));
  return (text, textPair) => {
    if (textPair === null) return encode(text).length;
    return encode(acceptsPairs ? { text, textPair } : `${text} ${textPair}`).length;
  };
}
