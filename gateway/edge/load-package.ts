/** The stages from an empty isolate to a ready model. Tokens can be counted after the first, before the weights are loaded. */

import { tokenizerOf } from "../../formats/model-package/manifest.ts";
import { mismatch } from "../../formats/model-package/mismatch.ts";
import { shortModelId } from "../../formats/model-package/names.ts";
import { TokenizerError } from "../../formats/tokenizer/core/tokenizer-error.ts";
import { loadTokenizer } from "../../formats/tokenizer/load-tokenizer.ts";
import type { TextTokenizer } from "../../formats/tokenizer/tokenizer.ts";
import type { Classifier } from "../sides.ts";
import { type ModelBucket, PackageError } from "./bucket.ts";
import { type EdgeEngine, type EdgeModel, type ModelPackage, RunAborted, type Steps } from "./engine.ts";
import {
  classifierOf,
  listPackage,
  type OpenParts,
  openPackage,
  readText,
  type StoredFiles,
  streamFile,
  type WantedPackage,
} from "./package.ts";

export interface OpenedPackage extends ModelPackage {
  tokenizer: TextTokenizer;
}

export interface WantedFiles {
  wanted: WantedPackage;
  stored: StoredFiles;
}

/** Signature, manifest and tokenizer, whose vocabulary is read in steps with pauses between. @throws PackageError, and what `pause` throws */
export async function openTokenizer(
  parts: OpenParts,
  { wanted, stored }: WantedFiles,
  { pause }: Pick<Steps, "pause">,
): Promise<OpenedPackage> {
  const { bucket } = parts;
  const opened = await openPackage(parts, wanted, stored);
  if (wanted.labelsOf !== null) await mustHaveLabelsOf(wanted.labelsOf, opened, parts);
  const { file, configFile } = opened.manifest.tokenizer;
  const [tokenizerJson, configJson] = await Promise.all([
    readText(bucket, opened, file),
    readText(bucket, opened, configFile),
  ]);
  const steps = loadTokenizer(tokenizerJson, configJson);
  for (;;) {
    const step = nextStep(steps);
    if (step.done) return { ...opened, tokenizer: tokenizerOf(opened.manifest, step.value) };
    await pause();
  }
}

/**
 * A candidate's answers stand beside those of the policy's model: labels of one kind only reach callers. The policy is written by a command
 * that compares them, or by other means that do not.
 * @throws PackageError
 */
async function mustHaveLabelsOf(modelId: string, candidate: ModelPackage, parts: OpenParts): Promise<void> {
  const name = shortModelId(modelId);
  const stored = await listPackage(parts.bucket, modelId);
  const incumbent = await openPackage(parts, { modelId, minVersion: 0 }, stored).catch((error: unknown) => {
    if (error instanceof PackageError)
      throw new PackageError(error.kind, `labels of ${name} are unknown: ${error.message}`);
    throw error;
  });
  const difference = mismatch(classifierOf(candidate), classifierOf(incumbent));
  if (difference !== null) throw new PackageError("rejected", `${difference.code} from ${name}`);
}

/** Of signature and manifest only: two small objects. @returns null for a package that cannot be opened now */
export async function readClassifier(parts: OpenParts, wanted: WantedPackage): Promise<Classifier | null> {
  try {
    return classifierOf(await openPackage(parts, wanted, await listPackage(parts.bucket, wanted.modelId)));
  } catch (error) {
    if (error instanceof PackageError) return null;
    throw error;
  }
}

/** @throws PackageError for a tokenizer that is not served exactly: the packer refuses those, so this one was made by another */
function nextStep(steps: ReturnType<typeof loadTokenizer>): IteratorResult<undefined, TextTokenizer> {
  try {
    return steps.next();
  } catch (error) {
    if (error instanceof TokenizerError) throw new PackageError("rejected", `tokenizer ${error.component}`);
    throw error;
  }
}

export interface LoadParts {
  bucket: ModelBucket;
  engine: EdgeEngine;
  /** Called for each piece; ends the load by throwing. */
  onProgress(): void;
  /** Of the golden runs; a pause ends the load by throwing. */
  steps: Steps;
}

/** Weights, session, golden logits, in pieces between which requests are served. @throws PackageError, EdgeRunError */
export async function loadModel(
  opened: OpenedPackage,
  { bucket, engine, onProgress, steps }: LoadParts,
): Promise<EdgeModel> {
  const model = await engine.load(opened, (sink) =>
    streamFile(bucket, opened, opened.edge.file, (chunk, at) => {
      onProgress();
      sink(chunk, at);
    }),
  );
  try {
    await proveGolden(model, opened, steps);
  } catch (error) {
    model.release();
    throw error;
  }
  return model;
}

/**
 * Compares the model's logits with those that the packer computed, so that no error in memory handling goes unnoticed.
 * @throws PackageError (rejected) at the first logit that differs by more than the tolerance, or is not a number
 */
async function proveGolden(model: EdgeModel, { edge }: ModelPackage, steps: Steps): Promise<void> {
  const { golden, goldenTolerance } = edge;
  for (const { tokenIds, logits } of golden) {
    const [computed] = await model.run([{ tokenIds, typeIds: null }], steps);
    if (!agrees(computed, logits, goldenTolerance)) throw new PackageError("rejected", "golden-logits");
    await steps.pause();
  }
}

/** The first runs take several times as long, until V8 has optimized the wasm code that they use. */
const WARM_UP_ROUNDS = 2;

/**
 * Runs the golden texts again, for V8. The model is ready already: a text that arrives ends the warm-up within one step, and so
 * does a pause that throws RunAborted. Before the model was ready, it took half the time of a cold load.
 */
export async function warmUp(model: EdgeModel, { edge }: ModelPackage, steps: Steps): Promise<void> {
  try {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      for (const { tokenIds } of edge.golden) {
        await steps.pause();
        await model.run([{ tokenIds, typeIds: null }], steps);
      }
    }
  } catch (error) {
    if (!(error instanceof RunAborted)) throw error;
  }
}

function agrees(computed: Float32Array | undefined, expected: readonly number[], tolerance: number): boolean {
  if (computed?.length !== expected.length) return false;
  return expected.every((logit, index) => Math.abs((computed[index] ?? Number.NaN) - logit) <= tolerance);
}
