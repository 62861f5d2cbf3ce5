/** The stages from an empty isolate to a ready model. Each stage is useful alone: tokens can be counted before weights are in. */
import { type ModelBucket, PackageError } from "./bucket.ts";
import type { EdgeEngine, EdgeModel } from "./engine.ts";
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
  yieldThread: () => Promise<unknown>,
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
      await yieldThread();
    });
  } catch (error) {
    model.release();
    throw error;
  }
  return model;
}

/** A model counts as ready only when it computes what the packer computed: every memory trick is checked by its results. */

/** The first runs take several times as long, until V8 has compiled what they use. */
const WARM_UP_ROUNDS = 2;

/** @throws PackageError (rejected) at the first logit that is off by more than the tolerance, or not a number. */
export async function proveGolden(model: EdgeModel, { edge }: ModelPackage, yieldThread: () => Promise<unknown>) {
  const { golden, goldenTolerance } = edge;
  for (const { tokenIds, logits } of golden) {
    const computed = await model.run(tokenIds);
    if (!agrees(computed, logits, goldenTolerance)) throw new PackageError("rejected", "golden-logits");
    // Requests that came meanwhile are served between two runs.
    await yieldThread();
  }
}

/**
 * Runs the golden texts a few times more, for V8. The model is ready already: whoever comes meanwhile waits for one short run at
 * most, and `goesOn` ends it. It took half of a cold load when it came before.
 */
export async function warmUp(
  model: EdgeModel,
  { edge }: ModelPackage,
  shouldContinue: () => boolean,
  yieldThread: () => Promise<unknown>,
): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const { tokenIds } of edge.golden) {
      await yieldThread();
      if (!shouldContinue()) return;
      await model.run(tokenIds);
    }
  }
}

function agrees(computed: Float32Array, expected: readonly number[], tolerance: number): boolean {
  if (computed.length !== expected.length) return false;
  return expected.every((logit, index) => Math.abs((computed[index] ?? Number.NaN) - logit) <= tolerance);
}
