/** The stages from an empty isolate to a ready model. Each stage is useful alone: tokens can be counted before weights are in. */

import { proveGolden } from "./golden.ts";
import type { EdgeEngine, EdgeModel } from "./model.ts";
import { type ModelBucket, type ModelPackage, openPackage, readText, streamFile } from "./package.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";

export interface OpenedPackage extends ModelPackage {
  tokenizer: TextTokenizer;
}

/** Manifest and tokenizer. @throws PackageError */
export async function openTokenizer(bucket: ModelBucket, modelId: string): Promise<OpenedPackage> {
  const opened = await openPackage(bucket, modelId);
  const { file, configFile } = opened.manifest.tokenizer;
  const [tokenizerJson, configJson] = await Promise.all([
    readText(bucket, opened, file),
    readText(bucket, opened, configFile),
  ]);
  return { ...opened, tokenizer: createTokenizer(tokenizerJson, configJson) };
}

/** Weights, session, proof. `alive` is called at every step forward, `breathe` lets requests in between. @throws PackageError, EdgeRunError */
export async function loadModel(
  bucket: ModelBucket,
  engine: EdgeEngine,
  opened: OpenedPackage,
  alive: () => void,
  breathe: () => Promise<unknown>,
): Promise<EdgeModel> {
  const { file } = opened.manifest.edge;
  const model = await engine.load(opened, (sink) =>
    streamFile(bucket, opened, file, (chunk, at) => {
      alive();
      sink(chunk, at);
    }),
  );
  await proveGolden(model, opened, async () => {
    alive();
    await breathe();
  });
  return model;
}
