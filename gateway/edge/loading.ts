/** The stages from an empty isolate to a ready model. Each stage is useful alone: tokens can be counted before weights are in. */
import type { ModelBucket } from "./bucket.ts";
import { proveGolden } from "./golden.ts";
import type { EdgeEngine, EdgeModel } from "./model.ts";
import {
  type ModelPackage,
  openPackage,
  readText,
  type StoredFiles,
  streamFile,
  type WantedPackage,
} from "./package.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";

export interface OpenedPackage extends ModelPackage {
  tokenizer: TextTokenizer;
}

/** Signature, manifest and tokenizer. @throws PackageError */
export async function openTokenizer(
  bucket: ModelBucket,
  publicKeyPem: string,
  wanted: WantedPackage,
  stored: StoredFiles,
): Promise<OpenedPackage> {
  const opened = await openPackage(bucket, publicKeyPem, wanted, stored);
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
  const model = await engine.load(opened, (sink) =>
    streamFile(bucket, opened, opened.edge.file, (chunk, at) => {
      alive();
      sink(chunk, at);
    }),
  );
  try {
    await proveGolden(model, opened, async () => {
      alive();
      await breathe();
    });
  } catch (error) {
    model.release();
    throw error;
  }
  return model;
}
