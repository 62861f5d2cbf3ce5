/** A package for spillway-engine with random weights, in the test's own R2: the mail tagger's tokenizer and labels, a small encoder. */
import { env } from "cloudflare:workers";
import { createEngine } from "../../../engine/create-engine.ts";
import engineWasm from "../../../engine/dist/engine.wasm";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import { quantizeEncoder } from "../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../engine/pack/write-weights.ts";
import { DISTILBERT, randomEncoder, randomIds } from "../../../engine/sample/random-encoder.ts";
import type { EdgeEntry } from "../../../formats/model-package/manifest.ts";
import { MANIFEST_FILE, modelIdOf, objectKey } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { mailTaggerFile, mailTaggerManifest, ortEntry, sign } from "./packages.ts";

export const WEIGHTS_FILE = "edge.weights";
/** Ids of the mail tagger's tokenizer are below it. */
const VOCABULARY = 30_522;

export interface EnginePackage {
  modelId: string;
  /** The logits of each text when it runs by itself, as the packer's engine computes them. */
  logitsOf(tokenIds: readonly number[]): Float32Array;
}

export interface PackageOptions {
  /** Other weights for another seed. */
  seed?: number;
  /** More layers take longer. */
  layers?: number;
  width?: number;
  /** Changes the manifest before it is signed. */
  bend?(edge: EdgeEntry): void;
  /** Changes the weights before they are listed in the manifest: a faulty packer. */
  bendWeights?(bytes: Uint8Array): Uint8Array;
  /** Adds the mail tagger's own edge entry as the fallback. */
  fallback?: boolean;
}

/** Packs, signs and publishes. */
export async function publishEnginePackage(options: PackageOptions = {}): Promise<EnginePackage> {
  const { seed = 1, layers = 2, width = 64, bend, bendWeights, fallback = false } = options;
  const manifest = await mailTaggerManifest();
  const architecture = {
    ...DISTILBERT,
    vocabulary: VOCABULARY,
    embeddingWidth: width,
    width,
    heads: 4,
    headSize: width / 4,
    feedForward: 4 * width,
    layers,
    labels: manifest.labels.length,
  };
  const { bytes } = writeWeights(quantizeEncoder(randomEncoder(architecture, { seed })));
  const engine = createEngine(engineWasm);
  const loading = engine.load({ maxTokens: 512 });
  loading.write(bytes);
  const encoder = loading.finish();
  const logitsOf = (tokenIds: readonly number[]) => runToEnd(encoder.run([{ ids: tokenIds }]))[0] ?? new Float32Array();

  const stored = bendWeights?.(bytes.slice()) ?? bytes;
  const edge: EdgeEntry = {
    file: WEIGHTS_FILE,
    engine: "spillway-engine",
    maxTokens: 512,
    heapBytes: engine.memoryBytes(),
    memoryBytes: { base: engine.memoryBytes(), perToken: 0, perTokenSquared: 0 },
    timeMs: { base: 0.1, perToken: 0.05, perTokenSquared: 0 },
    golden: [4, 32].map((count) => {
      const tokenIds = randomIds(architecture, count, count);
      return { tokenIds, logits: Array.from(logitsOf(tokenIds)) };
    }),
    goldenTolerance: 1e-3,
  };
  bend?.(edge);
  const listed = { name: WEIGHTS_FILE, sizeBytes: stored.byteLength, sha256: sha256Hex(stored) };
  const ort = await ortEntry();
  const ortListed = { name: ort.edge.file, sizeBytes: ort.content.byteLength, sha256: sha256Hex(ort.content) };
  const kept = manifest.files.filter(({ name }) => name !== manifest.edge.file);
  const files = [...kept, listed, ...(fallback ? [ortListed] : [])];
  const text = JSON.stringify({ ...manifest, edge, edgeFallback: fallback ? ort.edge : null, files });
  const manifestBytes = new TextEncoder().encode(text);
  const modelId = modelIdOf(manifest.name, sha256Hex(manifestBytes));
  const put = (name: string, content: Uint8Array) => env.MODELS.put(objectKey(modelId, name), content);
  await put(MANIFEST_FILE, manifestBytes);
  await put(WEIGHTS_FILE, stored);
  if (fallback) await put(ort.edge.file, ort.content);
  const { tokenizer } = manifest;
  for (const name of [tokenizer.file, tokenizer.configFile]) await put(name, await mailTaggerFile(name));
  await sign(modelId, [...files, { name: MANIFEST_FILE, sha256: sha256Hex(manifestBytes) }]);
  return { modelId, logitsOf };
}
